import { execIn, hostNamespace, waitUntil } from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { type Ground, reaches, settle } from './ground.js';
import { besiege } from './siege.js';

/** How long a repair that an event asks for may take; it is a fraction of a second here. */
const limitMs = 10_000;

/** Runs a command line on a host, as a stranger with root would. */
const onHost = async (host: string, line: string): Promise<string> => {
  const { code, stdout, stderr } = await execIn(hostNamespace(host), ['sh', '-c', line]);
  if (code !== 0) throw new Error(`${line} on ${host}: ${stderr}`);
  return stdout;
};

type Damage = {
  /** What is done to the victim's host and the attacker's, as a shell's line each. */
  readonly lines: readonly string[];
  /** Prints something that is as before once the damage is repaired. */
  readonly view: string;
};

/** Does damage under attack and honest traffic; what got through meanwhile, and what is not as before in the end. */
const damaged = async (ground: Ground, { lines, view }: Damage): Promise<string[]> => {
  const { victim, mallory } = ground;
  const hosts = [...new Set([victim.host, mallory.host])];
  const views = async () => await Promise.all(hosts.map(async (host) => await onHost(host, view)));
  const before = await views();
  const wrong: string[] = [];
  const siege = besiege(ground);
  try {
    for (const line of lines) {
      await Promise.all(hosts.map(async (host) => await onHost(host, line)));
      await waitUntil(`the repair after: ${line}`, async () => (await views()).every((one, at) => one === before[at]), limitMs).catch(
        (error: Error) => wrong.push(error.message),
      );
      await settle(ground).catch((error: Error) => wrong.push(`after: ${line}: ${error.message}`));
      wrong.push(...siege.breaches().map((breach) => `${breach}, after: ${line}`));
    }
  } finally {
    siege.lift();
  }
  return wrong;
};

/** The rules without their counters and handles, and without the sets that packets fill (those with a timeout or a size): the attack itself fills them. */
const withoutFilled =
  '/^\\tset /{block=$0; inset=1; next} inset{block=block "\\n" $0; if (/^\\t}/) {if (block !~ /timeout|size /) print block; inset=0}; next} {print}';
const rules = `nft -s list ruleset | awk '${withoutFilled}' | grep -v '^ *#'`;

/** What a stranger does to rules may be refused (the tables are the agent's own) or repaired. */
const rulesDamaged = async (ground: Ground, lines: readonly string[]): Promise<string[]> =>
  await damaged(ground, { lines: lines.map((line) => `nft '${line}' || true`), view: rules });

tryAttacks([
  {
    title: 'S20: `nft flush ruleset` under traffic lets nothing through, and is refused or repaired',
    act: async (ground) => {
      const lines = ['flush ruleset', 'flush ruleset', 'delete table inet manx', 'delete table arp manx', 'flush table inet manx'];
      expect(await rulesDamaged(ground, lines)).toEqual([]);
    },
  },
  {
    title: 'S20: sets and chains that a stranger empties or opens are as before, and meanwhile nothing passes that has not been allowed',
    act: async (ground) => {
      const { victim } = ground;
      const lines = [
        'flush set inet manx sources-v4',
        'flush chain inet manx prerouting',
        'flush chain inet manx stateful',
        `flush chain inet manx to-${victim.tap}`,
        `insert rule inet manx to-${victim.tap} accept`,
        'insert rule inet manx prerouting accept',
        'insert rule inet manx forward-to accept',
      ];
      expect(await rulesDamaged(ground, lines)).toEqual([]);
    },
  },
  {
    title: 'S20: routes and neighbours that a stranger deletes are back, and nothing goes astray meanwhile',
    act: async (ground) => {
      const { victim, friend } = ground;
      const lines = [
        'ip -4 route flush dev $(ls /sys/class/net | grep ^tap | head -n 1)',
        'for tap in $(ls /sys/class/net | grep ^tap); do ip -4 route flush dev $tap; ip -6 route flush dev $tap proto 80; done',
        'for tap in $(ls /sys/class/net | grep ^tap); do ip -4 neigh flush dev $tap nud permanent; ip -6 neigh flush dev $tap nud permanent; done',
      ];
      expect(await damaged(ground, { lines, view: 'ip -4 route show scope link; ip neigh show nud permanent | sort' })).toEqual([]);
      expect(await reaches(friend, victim)).toBe(true);
    },
  },
  {
    title: 'S20: sysctls that a stranger changes are as before',
    act: async (ground) => {
      const all = (path: string, value: string) => `for f in /proc/sys/net/${path}; do echo ${value} >$f; done`;
      const lines = [
        all('ipv4/conf/tap*/forwarding', '0'),
        all('ipv4/conf/tap*/proxy_arp', '0'),
        all('ipv6/conf/tap*/forwarding', '0'),
        'sysctl -qw net.ipv4.ip_forward=0',
        'sysctl -qw net.ipv6.conf.all.forwarding=0',
      ];
      const view =
        'grep -H . /proc/sys/net/ipv4/conf/tap*/forwarding /proc/sys/net/ipv4/conf/tap*/proxy_arp /proc/sys/net/ipv6/conf/tap*/forwarding /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding';
      expect(await damaged(ground, { lines, view })).toEqual([]);
    },
  },
  {
    title: 'S20: a stranger’s own tables, which accept everything, open nothing',
    act: async (ground) => {
      const table =
        'add table inet stranger; add chain inet stranger hole { type filter hook forward priority -500; policy accept; }; add rule inet stranger hole accept';
      expect(await damaged(ground, { lines: [`nft '${table}'`], view: 'nft list table inet manx | head -n 1' })).toEqual([]);
      await Promise.all(ground.hosts.map(async (host) => await onHost(host, 'nft delete table inet stranger 2>/dev/null || true')));
    },
  },
]);
