import type { ForeignChain } from './foreign-chain.js';
import type { Fill, HostSurvey, MissingFeature, UplinkFact } from './host-survey.js';

/** What is wrong with a host, or soon will be, and what to do; `subject` is the thing to look at. */
export type HostProblem = {
  readonly code:
    | 'conntrack_full'
    | 'feature_missing'
    | 'neighbours_full'
    | 'memory_low'
    | 'foreign_rules'
    | 'uplink_mtu'
    | 'tap_mtu'
    | 'tap_qdisc'
    | 'uplink_forwarding'
    | 'uplink_rp_filter';
  readonly subject: string;
  readonly detail: string;
};

/** From here on a table that fills is worth a word: there is time to act, and daily peaks do not reach it. */
const FILL_LIMIT = 0.8;
const MEMORY_LIMIT = 0.95;
const STRICT = 1;
/**
 * Queueing disciplines that an interface has without anybody's doing (net/sched/sch_generic.c, sysctl net.core.default_qdisc), and `htb`,
 * which libvirt sets for a flavor's `quota:vif_inbound_average`.
 */
const USUAL_QDISCS: ReadonlySet<string> = new Set(['noop', 'noqueue', 'pfifo_fast', 'pfifo', 'bfifo', 'mq', 'fq', 'fq_codel', 'htb']);

/** What is wrong, sorted. `wantedMtus` is the MTU that the guest on each tap is told. */
export function diagnose(survey: HostSurvey, wantedMtus: ReadonlyMap<string, number>): HostProblem[] {
  const problems = [
    ...capacity(survey),
    ...survey.missingFeatures.map(missingFeature),
    ...survey.foreignChains.filter(({ verdict }) => verdict === 'drops').map(foreignRules),
    ...survey.uplinks.flatMap((uplink) => ofUplink(uplink, Math.max(0, ...wantedMtus.values()))),
    ...[...wantedMtus].flatMap(([tap, mtu]) => tapMtu(tap, { is: survey.tapMtus.get(tap) ?? mtu, wanted: mtu })),
    ...[...wantedMtus.keys()].flatMap((tap) => tapQdisc(tap, survey.tapQdiscs.get(tap) ?? 'noqueue')),
  ];
  return problems.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function capacity({ conntrack, neighbours, memory }: HostSurvey): HostProblem[] {
  const found: HostProblem[] = [];
  if (conntrack !== null && isFilling(conntrack, FILL_LIMIT)) {
    const detail = `${fillText(conntrack)} connections are tracked; beyond that new ones are dropped. Raise sysctl net.netfilter.nf_conntrack_max`;
    found.push({ code: 'conntrack_full', subject: 'conntrack', detail });
  }
  for (const family of [4, 6] as const) {
    const fill = neighbours[family];
    if (fill === null || !isFilling(fill, FILL_LIMIT)) continue;
    const detail = `${fillText(fill)} entries; beyond that new neighbours are unreachable. Raise sysctl net.ipv${family}.neigh.default.gc_thresh3`;
    found.push({ code: 'neighbours_full', subject: `neighbour table of IPv${family}`, detail });
  }
  if (memory !== null && isFilling(memory, MEMORY_LIMIT)) {
    const left = Math.floor((memory.limit - memory.used) / 2 ** 20);
    found.push({
      code: 'memory_low',
      subject: 'memory',
      detail: `${left} MB are left; the kernel will end processes. Move instances away`,
    });
  }
  return found;
}

function missingFeature({ feature, lost }: MissingFeature): HostProblem {
  const detail = `this kernel does not have it: ${lost}. Install the kernel's modules (Debian's kernels have them all), and start the agent again`;
  return { code: 'feature_missing', subject: feature, detail };
}

function foreignRules({ family, table, name, hook, because }: ForeignChain): HostProblem {
  const what = {
    forward: 'what instances send and receive',
    input: 'DHCP and neighbour discovery of instances',
    output: 'the host’s answers to instances',
  };
  const detail = `${because} (hook ${hook}) drops ${what[hook]}; accept interfaces "tap*" there, both ways, or remove it`;
  return { code: 'foreign_rules', subject: `chain ${name} of table ${family} ${table}`, detail };
}

function ofUplink(uplink: UplinkFact, widest: number): HostProblem[] {
  const { ifname, mtu, families, isForwarding, rpFilter } = uplink;
  const found: HostProblem[] = [];
  if (mtu < widest) {
    const detail = `carries ${mtu} bytes, and guests are told ${widest}: large packets are lost or refused. Raise its MTU, or lower that of the networks`;
    found.push({ code: 'uplink_mtu', subject: ifname, detail });
  }
  for (const family of families) {
    if (isForwarding[family] !== false) continue;
    const path = `net.ipv${family}.conf.${ifname}.forwarding`;
    found.push({
      code: 'uplink_forwarding',
      subject: ifname,
      detail: `does not forward IPv${family}: nothing reaches instances by it. Set sysctl ${path} to 1`,
    });
  }
  if (rpFilter === STRICT && families.includes(4)) {
    const detail = `checks reverse paths strictly (rp_filter 1): with several uplinks packets for instances are dropped. Set sysctl net.ipv4.conf.${ifname}.rp_filter to 2, and that of "all" to 0 or 2`;
    found.push({ code: 'uplink_rp_filter', subject: ifname, detail });
  }
  return found;
}

function tapMtu(tap: string, { is, wanted }: { readonly is: number; readonly wanted: number }): HostProblem[] {
  if (is >= wanted) return [];
  const detail = `carries ${is} bytes, and its guest is told ${wanted}: large packets are lost. Nova sets the MTU when it plugs the port: plug it again`;
  return [{ code: 'tap_mtu', subject: tap, detail }];
}

function tapQdisc(tap: string, qdisc: string): HostProblem[] {
  if (USUAL_QDISCS.has(qdisc)) return [];
  const detail = `has the queueing discipline ${qdisc}, which somebody else set: it may delay or drop what its guest is sent. Remove it: tc qdisc delete dev ${tap} root`;
  return [{ code: 'tap_qdisc', subject: tap, detail }];
}

function isFilling({ used, limit }: Fill, share: number): boolean {
  return limit > 0 && used >= limit * share;
}

function fillText({ used, limit }: Fill): string {
  return `${used} of ${limit}`;
}

function keyOf({ code, subject, detail }: HostProblem): string {
  return `${code} ${subject} ${detail}`;
}
