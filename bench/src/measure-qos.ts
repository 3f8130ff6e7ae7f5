import { execOut, hostNamespace, instanceNamespace, runProgram, waitUntil } from '@manx/lab/bench-kit';
import { type BarePath, makeBareHosts, type Path } from './bare-hosts.js';
import { type BenchCloud, bootGuests, hosts } from './bench-cloud.js';
import type { Cleanup } from './cleanup.js';
import { type Effort, type Figure, type FigureRow, type Progress, rowAlone } from './figure.js';
import { makeFloatingLimits } from './floating-limits.js';
import { project } from './guest.js';
import { median } from './statistics.js';
import { measureRate, startReceiver } from './traffic.js';

/** Mb/s. */
const rates = [10, 100, 1000] as const;
const directions = ['egress', 'ingress'] as const;
const protocols = ['TCP', 'UDP'] as const;
/** Beyond, a sender of UDP on a small machine is slower than the limit. */
const mostUdp = 100;
/** UDP is sent so much faster than it may be. */
const excess = 2;
/** How far from the limit is still what was promised. */
const tolerance = 0.2;
/** Of what passes by a floating IP, counted from the IP header on. */
const floatingPayload = 1448 / 1500;
/** Of what passes, in frames, what is payload: TCP with timestamps, and UDP of 1400 bytes. */
const payload = { TCP: 1448 / 1514, UDP: 1400 / 1442 } as const;

type Limited = { readonly path: Path; readonly set: (rate: number) => Promise<void> };

/** The peer: `tc tbf` with Neutron's default burst on a bare router. */
const bareLimit = (path: BarePath): Limited => ({
  path,
  set: async (rate) => {
    const burst = String(Math.round(rate * 125_000 * 0.8));
    const queue = String(Math.max(30_280, rate * 6250));
    const tbf = ['root', 'tbf', 'rate', `${rate}mbit`, 'burst', burst, 'limit', queue];
    await runProgram(['ip', 'netns', 'exec', path.router, 'tc', 'qdisc', 'replace', 'dev', 'right', ...tbf]);
  },
});

/** A rule of a policy of a port's, set by the API; in force when the host has it. */
const manxLimit = async (
  { client }: BenchCloud,
  port: { readonly id: string; readonly host: string; readonly direction: (typeof directions)[number]; readonly path: Path },
): Promise<Limited> => {
  const policy = await client.create('qos/policies', 'policy', { name: `bench-${port.direction}`, project_id: project });
  const rules = `qos/policies/${policy.id}/bandwidth_limit_rules`;
  const rule = await client.create(rules, 'bandwidth_limit_rule', { max_kbps: 1000, direction: port.direction });
  const device = `${port.direction === 'egress' ? 'lim' : 'tap'}${port.id.slice(0, 11)}`;
  return {
    path: port.path,
    set: async (rate) => {
      await client.update(rules, 'bandwidth_limit_rule', { id: rule.id, body: { max_kbps: rate * 1000 } });
      await client.update('ports', 'port', { id: port.id, body: { qos_policy_id: policy.id } });
      await waitUntil(`the limit of ${rate} Mb/s on ${device}`, async () => {
        const shown = await execOut(['ip', 'netns', 'exec', hostNamespace(port.host), 'tc', '-j', 'qdisc', 'show']);
        const found = JSON.parse(shown) as readonly {
          readonly dev: string;
          readonly kind: string;
          readonly options: { readonly rate?: number };
        }[];
        return found.some(({ dev, kind, options }) => dev === device && kind === 'tbf' && options.rate === rate * 125_000);
      });
    },
  };
};

/** How near to its limit a port's traffic is, both ways, beside `tc tbf` on a bare router. */
export const measureQos = async (
  effort: Effort,
  { cloud, cleanup, progress }: { readonly cloud: BenchCloud; readonly cleanup: Cleanup; readonly progress: Progress },
): Promise<Figure> => {
  const bare = bareLimit((await makeBareHosts(cleanup)).far);
  const [near, far] = await bootGuests(cloud, { 'bench-limited': hosts[0], 'bench-other': hosts[1] });
  if (near === undefined || far === undefined) throw new Error('two guests were asked for');
  const [port] = await cloud.client.list('ports', { name: near.name });
  if (port === undefined) throw new Error(`the port ${near.name} is not there`);
  const [from, to] = [near, far].map(({ name }) => instanceNamespace(name)) as [string, string];
  const ways = { egress: { from, to, address: far.address }, ingress: { from: to, to: from, address: near.address } } as const;
  for (const path of [ways.egress, ways.ingress, bare.path]) await startReceiver(path, cleanup);
  const rows: FigureRow[] = [];
  for (const direction of directions) {
    const ours = await manxLimit(cloud, { id: port.id, host: near.host, direction, path: ways[direction] });
    for (const rate of rates) {
      for (const limited of [ours, bare]) await limited.set(rate);
      for (const protocol of protocols.filter((one) => one === 'TCP' || rate <= mostUdp)) {
        progress(`QoS: ${rate} Mb/s ${direction}, ${protocol}`);
        const seen = { ours: [] as number[], bare: [] as number[] };
        for (let round = 0; round < effort.qosRounds; round += 1)
          for (const [who, { path }] of [
            ['ours', ours],
            ['bare', bare],
          ] as const)
            seen[who].push((await measureRate(path, effort.pathSeconds, protocol === 'TCP' ? null : rate * excess)) / payload[protocol]);
        const share = median(seen.ours) / rate;
        rows.push({
          what: `${direction === 'egress' ? 'sent' : 'received'}, limit ${rate} Mb/s: ${protocol}`,
          ours: `${median(seen.ours).toFixed(1)} Mb/s`,
          peer: `${median(seen.bare).toFixed(1)} Mb/s`,
          ratio: `${(100 * share).toFixed(1)} % of the limit`,
          goal: '80 % to 120 %',
          isMet: Math.abs(share - 1) <= tolerance,
        });
      }
    }
  }
  await cloud.client.update('ports', 'port', { id: port.id, body: { qos_policy_id: null } });
  const floating = await makeFloatingLimits(cloud, { guest: near, port: port.id, asker: far });
  await startReceiver(floating.ways.egress, cleanup);
  for (const rate of rates) {
    await floating.set(rate);
    for (const direction of directions) {
      progress(`QoS: ${rate} Mb/s of a floating IP, ${direction}`);
      const seen: number[] = [];
      for (let round = 0; round < effort.qosRounds; round += 1)
        seen.push((await measureRate(floating.ways[direction], effort.pathSeconds, null)) / floatingPayload);
      const share = median(seen) / rate;
      const words = `${direction === 'egress' ? 'left as' : 'came for'} a floating IP, limit ${rate} Mb/s: TCP`;
      const ours = `${median(seen).toFixed(1)} Mb/s, ${(100 * share).toFixed(1)} % of the limit`;
      rows.push(rowAlone(words, ours, '80 % to 120 %', Math.abs(share - 1) <= tolerance));
    }
  }
  return {
    title: 'QoS accuracy',
    rows,
    notes: [
      `Medians of ${effort.qosRounds} rounds of ${effort.pathSeconds} s, taking turns, after a second that is not counted. iperf3 between instances on two hosts: one TCP stream; UDP of 1400 bytes, twice as fast as it may be, up to 100 Mb/s: beyond, senders are what is measured. In Mb/s of Ethernet frames, as they are counted. Bursts are Neutron’s default, 80 % of a second; of a floating IP a second, and counted from the IP header on.`,
      'Peer: `tc tbf` of the same rate, burst and queue on the first of three bare routers.',
    ],
  };
};
