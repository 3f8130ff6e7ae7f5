import type { IfName } from '@manx/hoststate';
import { asCidr, asIp, asMac, type Cidr, type Family, familyOf, hostCidr, parseIp } from '@manx/ip';
import { type HostPlan, MANX_ROUTE_PROTOCOL, type TokenBucket } from '@manx/render';
import type { TestNetns } from '@manx/render/testing/test-netns';
import type { HopFact, HostFacts, LimitFact, LinkFact, NeighbourFact, ObservedTable, RouteFact } from '../host-facts.js';
import { parseNftTable } from '../parse-nft-table.js';
import { planHost } from '../plan-host.js';
import { shaperName, tapOfShaper } from '../plan-limits.js';
import type { Step } from '../step.js';

type LinkJson = {
  ifname: string;
  ifindex: number;
  address: string;
  flags: string[];
  mtu: number;
  addr_info: Array<{ local: string; prefixlen: number; tentative?: boolean }>;
};
type HopJson = { dev?: IfName; gateway?: string; via?: { host: string } };
type RouteJson = HopJson & { dst: string; metric: number; type?: string; nexthops?: HopJson[] };
type NeighbourJson = { dst: string; dev: IfName; lladdr: string };

/** Reads the facts of a namespace with `ip -j`, `nft -j` and `cat`: slow, plain, and not what the agent does. */
export function readFacts(netns: TestNetns, plan: HostPlan): HostFacts {
  const links = readLinks(netns);
  const wanted = [...plan.sysctls.keys(), ...[...plan.links.values()].flatMap(({ sysctls }) => [...sysctls.keys()])];
  return {
    links,
    limits: readLimits(netns),
    routes: ([4, 6] as const).flatMap((family) => readRoutes(netns, family)),
    neighbours: ([4, 6] as const).flatMap((family) => readNeighbours(netns, family)),
    sysctls: readSysctls(netns, wanted),
    tables: readTables(netns),
    files: { dnsmasq: new Map(), bird: new Map() },
  };
}

/** The tables of ours in a namespace. */
export function readTables(netns: TestNetns): ObservedTable[] {
  return (['inet', 'ip', 'ip6', 'arp', 'netdev'] as const).flatMap((family) => {
    const listed = netns.run(['nft', '-j', 'list', 'table', family, 'manx'], { mayFail: true });
    const table = listed.status === 0 ? parseNftTable(JSON.parse(listed.stdout)) : null;
    return table === null ? [] : [table];
  });
}

/** Does the steps, in order, as `ip` and `nft` can; the first that fails throws. */
export function applySteps(netns: TestNetns, steps: readonly Step[]): void {
  for (const step of steps) applyStep(netns, step);
}

/** Makes a namespace what the plan says; answers the steps that it took. */
export function applyPlan(netns: TestNetns, plan: HostPlan): Step[] {
  const steps = planHost(plan, readFacts(netns, plan), []);
  applySteps(netns, steps);
  return steps;
}

function applyStep(netns: TestNetns, step: Step): void {
  const tc = (command: string): void => void netns.run(['tc', ...command.split(' ')]);
  const ip = (command: string): void => void netns.run(['ip', ...command.split(' ').filter(Boolean)]);
  switch (step.kind) {
    case 'apply-nft':
      netns.run(['nft', '-f', '-'], { input: step.script });
      break;
    case 'write-sysctl':
      netns.run(['sh', '-c', 'printf %s "$1" > /proc/sys/"$0"', step.path, step.value]);
      break;
    case 'set-mac':
      ip(`link set ${step.ifname} address ${step.mac}`);
      break;
    case 'limit-to-guest':
      tc(`qdisc replace dev ${step.ifname} ${bucketText(step.bucket)}`);
      break;
    case 'unlimit-to-guest':
      tc(`qdisc del dev ${step.ifname} root`);
      break;
    case 'limit-from-guest': {
      const shaper = shaperName(step.ifname);
      if (!step.isLed) {
        netns.run(['ip', 'link', 'add', shaper, 'type', 'ifb'], { mayFail: true });
        ip(`link set ${shaper} up`);
      }
      tc(`qdisc replace dev ${shaper} ${bucketText(step.bucket)}`);
      if (step.isLed) break;
      netns.run(['tc', 'qdisc', 'del', 'dev', step.ifname, 'ingress'], { mayFail: true });
      tc(`qdisc add dev ${step.ifname} ingress`);
      tc(`filter add dev ${step.ifname} parent ffff: protocol all u32 match u32 0 0 action mirred egress redirect dev ${shaper}`);
      break;
    }
    case 'unlimit-from-guest':
      netns.run(['tc', 'qdisc', 'del', 'dev', step.ifname, 'ingress'], { mayFail: true });
      ip(`link del ${shaperName(step.ifname)}`);
      break;
    case 'add-address':
      ip(
        `address replace ${step.ip}/${step.prefixLength} dev ${step.ifname}${familyOf(step.ip) === 6 ? ' nodad' : ''}${step.hasPrefixRoute ? '' : ' noprefixroute'}`,
      );
      break;
    case 'delete-address':
      ip(`address del ${step.ip}/${step.prefixLength} dev ${step.ifname}`);
      break;
    case 'set-neighbour':
      ip(`neigh replace ${step.neighbour.ip} lladdr ${step.neighbour.mac} dev ${step.neighbour.dev} nud permanent`);
      break;
    case 'delete-neighbour':
      ip(`neigh del ${step.neighbour.ip} dev ${step.neighbour.dev}`);
      break;
    case 'set-route':
      ip(
        `route replace ${step.route.hops.length === 0 ? 'blackhole ' : ''}${step.route.destination} proto ${MANX_ROUTE_PROTOCOL} metric ${step.route.metric} ${waysText(step.route)}`,
      );
      break;
    case 'delete-route': {
      const dev = step.route.hops.length === 1 ? (step.route.hops[0]?.dev ?? null) : null;
      ip(
        `route del ${step.route.destination}${dev === null ? '' : ` dev ${dev}`} proto ${MANX_ROUTE_PROTOCOL} metric ${step.route.metric}`,
      );
      break;
    }
    case 'review-flows':
    case 'write-files':
    case 'stop-program':
      break;
  }
}

type QdiscJson = { kind: string; handle: string; dev: string; options: { rate: number; burst: number; limit: number } };

/** Where there is a shaper, all is taken to be led through it: these hosts have no strangers. */
function readLimits(netns: TestNetns): Map<IfName, LimitFact> {
  const buckets = (json(netns, ['tc', '-j', 'qdisc', 'show']) as QdiscJson[]).filter(
    ({ kind, handle }) => kind === 'tbf' && handle === '4d58:',
  );
  const limits = new Map<IfName, LimitFact>();
  for (const { dev, options } of buckets) {
    const tap = tapOfShaper(dev as IfName);
    const bucket = { rate: options.rate, burst: options.burst, queue: options.limit };
    const known = limits.get(tap ?? (dev as IfName)) ?? { toGuest: null, fromGuest: null, hasShaper: false, led: 'past' };
    limits.set(
      tap ?? (dev as IfName),
      tap === null ? { ...known, toGuest: bucket } : { ...known, fromGuest: bucket, hasShaper: true, led: 'through' },
    );
  }
  return limits;
}

function bucketText({ rate, burst, queue }: TokenBucket): string {
  return `root handle 4d58: tbf rate ${rate * 8}bit burst ${burst} limit ${queue}`;
}

function readRoutes(netns: TestNetns, family: Family): RouteFact[] {
  const routes = json(netns, ['ip', '-j', `-${family}`, 'route', 'show', 'proto', String(MANX_ROUTE_PROTOCOL)]) as RouteJson[];
  return routes.map(({ dst, metric, type, nexthops, ...hop }) => ({
    destination: cidrText(dst),
    metric,
    hops: type === 'blackhole' ? [] : (nexthops ?? [hop]).map(hopFact),
  }));
}

function hopFact({ dev, gateway, via }: HopJson): HopFact {
  const hop = gateway ?? via?.host;
  return { dev: dev ?? null, via: hop === undefined ? null : asIp(hop) };
}

function hopText({ dev, via }: HopFact): string {
  return `${via === null ? '' : `via inet6 ${via} `}dev ${dev}`;
}

function waysText({ hops }: RouteFact): string {
  const [first] = hops;
  if (first !== undefined && hops.length === 1) return `${hopText(first)}${first.via === null ? ' scope link' : ''}`;
  return hops.map((hop) => `nexthop ${hopText(hop)}`).join(' ');
}

function readNeighbours(netns: TestNetns, family: Family): NeighbourFact[] {
  const neighbours = json(netns, ['ip', '-j', `-${family}`, 'neigh', 'show', 'nud', 'permanent']) as NeighbourJson[];
  return neighbours.filter(({ dev }) => dev.startsWith('tap')).map(({ dst, dev, lladdr }) => ({ ip: asIp(dst), mac: asMac(lladdr), dev }));
}

function readLinks(netns: TestNetns): Map<IfName, LinkFact> {
  const taps = (json(netns, ['ip', '-j', 'address', 'show']) as LinkJson[]).filter(({ ifname }) => ifname?.startsWith('tap'));
  return new Map(
    taps.map((link) => [
      link.ifname as IfName,
      {
        index: link.ifindex,
        mac: asMac(link.address),
        isUp: link.flags.includes('UP'),
        mtu: link.mtu,
        addresses: link.addr_info.map(({ local, prefixlen, tentative }) => ({
          ip: asIp(local),
          prefixLength: prefixlen,
          isTentative: tentative === true,
        })),
      },
    ]),
  );
}

function readSysctls(netns: TestNetns, paths: readonly string[]): Map<string, string> {
  const script = 'for p; do printf "%s=%s\\n" "$p" "$(cat /proc/sys/$p 2>/dev/null)"; done';
  const lines = netns
    .run(['sh', '-c', script, 'sh', ...paths])
    .stdout.trim()
    .split('\n');
  return new Map(lines.map((line) => line.split('=') as [string, string]));
}

function cidrText(text: string): Cidr {
  const ip = parseIp(text);
  return ip === null ? asCidr(text) : hostCidr(ip);
}

function json(netns: TestNetns, command: readonly string[]): unknown {
  return JSON.parse(netns.run(command).stdout || '[]');
}
