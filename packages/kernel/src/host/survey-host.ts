import { readFileSync } from 'node:fs';
import { familyOf } from '@manx/ip';
import {
  type Fill,
  type ForeignChain,
  type HostSurvey,
  isForeignBase,
  type MissingFeature,
  readForeignChain,
  readLegacyForward,
  type UplinkFact,
} from '@manx/reconcile';
import { readTextFile } from '../files/program-folder.js';
import { readSysctl } from '../files/sysctl.js';
import type { Nftables } from '../nftables/nftables.js';
import { findProgram } from '../probe.js';
import { runProgram } from '../process/run-program.js';
import { type Link, MAIN_TABLE, NUD_PERMANENT } from '../rtnetlink/facts.js';
import type { HostPorts } from './host-ports.js';

const NUD_NOARP = 0x40;
const LEGACY = [
  { family: 'ip', names: '/proc/self/net/ip_tables_names', program: 'iptables-legacy' },
  { family: 'ip6', names: '/proc/self/net/ip6_tables_names', program: 'ip6tables-legacy' },
] as const;

/**
 * Looks at what instances depend on beside what is ours, changing nothing; what is missing of the kernel's features is found once (`missingFeatures`), and handed in.
 * Throws Fault when the kernel cannot be read.
 */
export const surveyHost = async (
  { rtnetlink, nftables }: Pick<HostPorts, 'rtnetlink' | 'nftables'>,
  missing: readonly MissingFeature[],
): Promise<HostSurvey> => {
  const links = rtnetlink.links();
  const limited = new Set(rtnetlink.qdiscs().flatMap(({ ifindex, bucket }) => (bucket === null ? [] : [ifindex])));
  const counted = rtnetlink.neighbours().filter(({ state }) => (state & (NUD_PERMANENT | NUD_NOARP)) === 0);
  const neighbourFill = (family: 4 | 6): Fill | null =>
    fill(counted.filter(({ ip }) => familyOf(ip) === family).length, numberOf(`net/ipv${family}/neigh/default/gc_thresh3`));
  return {
    conntrack: fill(numberOf('net/netfilter/nf_conntrack_count'), numberOf('net/netfilter/nf_conntrack_max')),
    neighbours: { 4: neighbourFill(4), 6: neighbourFill(6) },
    memory: memory(),
    uplinks: uplinks(links, rtnetlink),
    tapMtus: new Map(links.filter(({ ifname }) => ifname.startsWith('tap')).map(({ ifname, mtu }) => [ifname, mtu])),
    tapQdiscs: new Map(
      links.flatMap(({ ifindex, ifname, qdisc }) =>
        ifname.startsWith('tap') && qdisc !== null && !limited.has(ifindex) ? [[ifname, qdisc] as const] : [],
      ),
    ),
    foreignChains: [...(await foreignChains(nftables)), ...(await legacyChains())],
    missingFeatures: missing,
  };
};

const fill = (used: number | null, limit: number | null): Fill | null => (used === null || limit === null ? null : { used, limit });

/** Null where there is no such sysctl: some are only to be seen in the machine's first network namespace. */
const numberOf = (path: string): number | null => {
  const value = Number(readSysctl(path) ?? Number.NaN);
  return Number.isFinite(value) ? value : null;
};

const memory = (): Fill | null => {
  const text = readFileSync('/proc/meminfo', 'latin1');
  const bytes = (name: string): number | null => {
    const kilobytes = new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(text)?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  };
  const [total, available] = [bytes('MemTotal'), bytes('MemAvailable')];
  return total === null || available === null ? null : { used: total - available, limit: total };
};

/** The interfaces of default routes. */
const uplinks = (links: readonly Link[], rtnetlink: HostPorts['rtnetlink']): readonly UplinkFact[] => {
  const familiesOf = new Map<number, Set<4 | 6>>();
  for (const family of [4, 6] as const) {
    for (const { destination, hops } of rtnetlink.routes({ family, table: MAIN_TABLE })) {
      if (!destination.endsWith('/0')) continue;
      for (const { ifindex } of hops) if (ifindex !== null) familiesOf.set(ifindex, (familiesOf.get(ifindex) ?? new Set()).add(family));
    }
  }
  return links
    .filter(({ ifindex, ifname }) => familiesOf.has(ifindex) && !ifname.startsWith('tap'))
    .map(({ ifindex, ifname, mtu }) => {
      const conf = (family: 4 | 6, of: string, name: string): number | null => numberOf(`net/ipv${family}/conf/${of}/${name}`);
      const isOn = (value: number | null): boolean | null => (value === null ? null : value > 0);
      const own = conf(4, ifname, 'rp_filter');
      return {
        ifname,
        mtu,
        families: [...(familiesOf.get(ifindex) ?? [])].sort(),
        isForwarding: { 4: isOn(conf(4, ifname, 'forwarding')), 6: isOn(conf(6, ifname, 'forwarding')) },
        rpFilter: own === null ? null : Math.max(own, conf(4, 'all', 'rp_filter') ?? 0),
      };
    });
};

const foreignChains = async (nftables: Nftables): Promise<readonly ForeignChain[]> => {
  const chains: ForeignChain[] = [];
  for (const { chain } of await nftables.listChains()) {
    if (chain === undefined || !isForeignBase(chain)) continue;
    const key = { family: String(chain['family']), name: String(chain['table']) };
    // It may be gone by now.
    const found = readForeignChain((await nftables.listChain(key, String(chain['name']))) ?? []);
    if (found !== null) chains.push(found);
  }
  return chains;
};

/** Rules of the old interface, which nft does not list; only where its table is loaded, since asking loads it. */
const legacyChains = async (): Promise<readonly ForeignChain[]> => {
  const chains: ForeignChain[] = [];
  for (const { family, names, program } of LEGACY) {
    if (!(readTextFile(names) ?? '').split('\n').includes('filter') || findProgram(program) === null) continue;
    const { status, stdout } = await runProgram({ program, args: ['-S', 'FORWARD'], debianPackage: 'iptables' });
    if (status === 0) chains.push(readLegacyForward(family, stdout));
  }
  return chains;
};
