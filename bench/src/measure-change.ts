import { instanceNamespace } from '@manx/lab/bench-kit';
import { type BenchCloud, bootGuests, hosts } from './bench-cloud.js';
import type { Cleanup } from './cleanup.js';
import type { Effort, Figure, FigureRow, Progress } from './figure.js';
import { project } from './guest.js';
import { monotonicMs } from './prober.js';
import { median, percentile } from './statistics.js';
import { startUdpStream, type UdpStream } from './udp-stream.js';

type Work = { readonly cloud: BenchCloud; readonly cleanup: Cleanup; readonly progress: Progress };

/** Milliseconds from sending a request until packets pass, or pass no longer. */
type Change = { readonly what: string; readonly samples: number[] };

const port = 7001;

/** A change of policy, and back, each timed at the instance that it concerns. */
const timed = async (
  stream: UdpStream,
  opened: Change,
  closed: Change,
  request: { open: () => Promise<unknown>; close: () => Promise<unknown> },
): Promise<void> => {
  const opening = monotonicMs();
  await request.open();
  opened.samples.push((await stream.firstAfter(opening)) - opening);
  const closing = monotonicMs();
  await request.close();
  closed.samples.push((await stream.endAfter(closing)) - closing);
};

/** From sending the request that changes a rule, or who is in a group, until the other host's packets show it. */
export const measureChange = async (effort: Effort, { cloud, cleanup, progress }: Work): Promise<Figure> => {
  const { client, network } = cloud;
  const [sender, receiver] = await bootGuests(cloud, { 'bench-change-a': hosts[0], 'bench-change-b': hosts[1] });
  if (sender === undefined || receiver === undefined) throw new Error('two guests were asked for');
  const portOf = async (name: string): Promise<string> => (await client.list('ports', { name }))[0]?.id ?? '';
  const senderPort = await portOf(sender.name);
  const makeGroup = async (name: string): Promise<string> =>
    (await client.create('security-groups', 'security_group', { name, project_id: project })).id;
  const [guarded, friends] = [await makeGroup('bench-guarded'), await makeGroup('bench-friends')];
  const addRule = async (peer: object): Promise<string> =>
    (
      await client.create('security-group-rules', 'security_group_rule', {
        security_group_id: guarded,
        project_id: project,
        direction: 'ingress',
        protocol: 'udp',
        port_range_min: port,
        port_range_max: port,
        ...peer,
      })
    ).id;
  await client.update('ports', 'port', { id: await portOf(receiver.name), body: { security_groups: [guarded] } });
  const stream = await startUdpStream(
    { from: instanceNamespace(sender.name), to: instanceNamespace(receiver.name), address: receiver.address, port, everyMs: 1 },
    cleanup,
  );
  const changes = [
    'a rule comes: first packet through',
    'it goes: the established flow is cut',
    'an instance joins a remote group: first packet through',
    'it leaves: the established flow is cut',
  ].map((what): Change => ({ what, samples: [] }));
  const [ruleOpens, ruleCuts, joinOpens, leaveCuts] = changes as [Change, Change, Change, Change];
  for (let at = 0; at < effort.changes; at += 1) {
    if (at % 10 === 0) progress(`change -> enforced: rule ${at + 1} of ${effort.changes}`);
    let rule = '';
    await timed(stream, ruleOpens, ruleCuts, {
      open: async () => (rule = await addRule({ remote_ip_prefix: `${sender.address}/32` })),
      close: async () => await client.remove('security-group-rules', rule),
    });
  }
  await addRule({ remote_group_id: friends });
  const groups = [network.groupIds[0], sender.group];
  for (let at = 0; at < effort.changes; at += 1) {
    if (at % 10 === 0) progress(`change -> enforced: member ${at + 1} of ${effort.changes}`);
    await timed(stream, joinOpens, leaveCuts, {
      open: async () => await client.update('ports', 'port', { id: senderPort, body: { security_groups: [...groups, friends] } }),
      close: async () => await client.update('ports', 'port', { id: senderPort, body: { security_groups: groups } }),
    });
  }
  await stream.stop();
  return {
    title: 'Change -> enforced',
    rows: changes.map(rowOf),
    notes: [
      `${effort.changes} changes of each kind by the API, one after another, under a flow of 1,000 datagrams a second between instances of two hosts; from sending the request until the receiver sees it (median, p99). The sender's port number stays, so that what is cut is an established flow.`,
    ],
  };
};

const rowOf = ({ what, samples }: Change): FigureRow => ({
  what,
  ours: `${median(samples).toFixed(1)} ms, p99 ${percentile(samples, 0.99).toFixed(1)} ms`,
  peer: '',
  ratio: '',
  goal: 'p99 under 100 ms',
  isMet: percentile(samples, 0.99) < 100,
});
