import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { openConntrack } from './conntrack/open-conntrack.js';
import { Fault } from './fault.js';
import { openLibnftables } from './nftables/libnftables.js';
import { openRtnetlink } from './rtnetlink/open-rtnetlink.js';

const CAP_NET_ADMIN = 12; // include/uapi/linux/capability.h
const SEARCHED_BESIDES_PATH = ['/usr/sbin', '/sbin', '/usr/local/sbin'];

/** Programs that the agent runs, and the Debian packages that have them. */
const PROGRAMS: Readonly<Record<string, string>> = { nft: 'nftables', dnsmasq: 'dnsmasq-base', bird: 'bird2' };

/** What our tables need of nftables, one try each; checked, never applied. */
const NFT_FEATURES: Readonly<Record<string, string>> = {
  'nftables inet tables with verdict maps (CONFIG_NF_TABLES_INET)':
    'table inet manx-probe { map m { type ifname : verdict; }\n chain c { type filter hook forward priority 0; iifname vmap @m\n }\n}',
  'nftables concatenated sets': 'table inet manx-probe { set s { type ifname . ether_addr . ipv4_addr; }\n}',
  'nftables interval sets': 'table inet manx-probe { set s { type ipv6_addr; flags interval; }\n}',
  'nftables connection tracking (CONFIG_NFT_CT)':
    'table inet manx-probe { chain c { type filter hook forward priority 0; ct state established accept\n }\n}',
  'nftables logging to programs (CONFIG_NFT_LOG, CONFIG_NETFILTER_NETLINK_LOG)':
    'table inet manx-probe { chain c { type filter hook input priority 0; log group 80\n }\n}',
  'nftables arp tables (CONFIG_NF_TABLES_ARP)':
    'table arp manx-probe { chain c { type filter hook input priority 0; arp saddr ip 192.0.2.1 drop\n }\n}',
  'nftables netdev tables (CONFIG_NF_TABLES_NETDEV, CONFIG_NETFILTER_INGRESS)':
    'table netdev manx-probe { chain c { type filter hook ingress device "lo" priority 0; ether type arp accept\n }\n}',
  'nftables sets that packets fill, with counters':
    'table inet manx-probe { set counted { type ifname; size 9; flags dynamic, timeout; timeout 1d; }\n chain count { update @counted { iifname counter }\n }\n}',
  'nftables maps of named counters (CONFIG_NFT_OBJREF)':
    'table inet manx-probe { counter a { }\n counter b { }\n chain name { counter name ip saddr . tcp dport map { 192.0.2.0/24 . 1-9 : "a", 192.0.3.1 . 80 : "b" } accept\n }\n}',
  'nftables copies of IPv4 packets (CONFIG_NFT_DUP_IPV4)': 'table ip manx-probe { chain c { dup to 192.0.2.1 device "lo"\n }\n}',
  'nftables copies of IPv6 packets (CONFIG_NFT_DUP_IPV6)': 'table ip6 manx-probe { chain c { dup to 2001:db8::1 device "lo"\n }\n}',
  'nftables matches of IP options and IPv6 headers (CONFIG_NFT_EXTHDR)':
    'table inet manx-probe { chain options { ip option lsrr exists drop\n rt type 0 drop\n }\n}',
};

/** Something that this host lacks, said so that a person can mend it. */
export type Lack = { readonly code: 'no-root' | 'program' | 'kernel'; readonly subject: string; readonly detail: string };

/** Looks whether this host has all that an agent needs, changing nothing; empty when it does. Without root that alone is said. */
export const probe = async (): Promise<readonly Lack[]> => {
  if (!hasNetAdmin()) {
    const detail = 'the agent has to run as root (it needs CAP_NET_ADMIN to program routes and nftables)';
    return [{ code: 'no-root', subject: 'rights', detail }];
  }
  const lacks: Lack[] = [...lackingPrograms(), ...lackingFiles()];
  lacks.push(...tryOpen('rtnetlink', openRtnetlink), ...tryOpen('connection tracking over netlink (CONFIG_NF_CT_NETLINK)', openConntrack));
  lacks.push(...(await lackingNft()));
  return lacks;
};

/** One paragraph of all that is lacking, ready to print. */
export const formatLacks = (lacks: readonly Lack[]): string =>
  `This host cannot run the Manx agent: ${lacks.map(({ subject, detail }) => `${subject}: ${detail}`).join('; ')}.`;

/** Where a program is, on the PATH or in the usual places for administrators' programs; null when nowhere. */
export const findProgram = (name: string): string | null => {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SEARCHED_BESIDES_PATH].filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
};

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const hasNetAdmin = (): boolean => {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
  return ((BigInt(`0x${effective}`) >> BigInt(CAP_NET_ADMIN)) & 1n) === 1n;
};

const lackingPrograms = (): readonly Lack[] =>
  Object.entries(PROGRAMS)
    .filter(([program]) => findProgram(program) === null)
    .map(([program, pkg]) => ({ code: 'program', subject: program, detail: `not found; install the Debian package ${pkg}` }));

const lackingFiles = (): readonly Lack[] => {
  const needed = { 'net/ipv4/ip_forward': 'IPv4', 'net/ipv6/conf/all/forwarding': 'IPv6 (ipv6.disable=1 on the kernel command line?)' };
  return Object.entries(needed)
    .filter(([path]) => !existsSync(`/proc/sys/${path}`))
    .map(([, what]) => ({ code: 'kernel', subject: what, detail: 'this kernel does not have it' }));
};

const tryOpen = (subject: string, open: () => { readonly close: () => void }): readonly Lack[] => {
  try {
    open().close();
    return [];
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return [{ code: 'kernel', subject, detail: fault.detail }];
  }
};

const lackingNft = async (): Promise<readonly Lack[]> => {
  const lacks: Lack[] = [];
  try {
    const nftables = openLibnftables();
    for (const [subject, text] of Object.entries(NFT_FEATURES)) {
      const refusal = await nftables.check(text);
      if (refusal !== null) lacks.push({ code: 'kernel', subject, detail: `this kernel does not have it (${refusal.detail})` });
    }
    await nftables.close();
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    lacks.push({ code: 'program', subject: fault.subject, detail: fault.detail });
  }
  return lacks;
};
