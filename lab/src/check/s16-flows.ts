import type { NeutronClient } from '../neutron-client.js';
import type { CheckContext } from './context.js';
import type { Field, Guest } from './field.js';
import { type OpenFlow, openFlow } from './open-flow.js';
import { silenceMs, tcpTo } from './reach.js';
import { type Row, row } from './row.js';
import { addRule, quickMs, removeRule } from './s16-rules.js';
import { within } from './within.js';

/** The first of the ports of each: one for trying, and others, so far from it, for the flows. */
const flowPorts = { rule: 7_200, group: 7_230 } as const;

const isOpen = async (from: Guest, to: Guest, port: number): Promise<boolean> => {
  // Refused is open: nobody listens there but while a flow is tried.
  const tries = await Promise.all([to.v4, to.v6].map(async (address) => await tcpTo(from.netns, address, { port, waitMs: quickMs })));
  return tries.every(({ kind }) => kind !== 'silent');
};

const isShut = async (from: Guest, to: Guest, port: number): Promise<boolean> => {
  const tries = await Promise.all([to.v4, to.v6].map(async (address) => await tcpTo(from.netns, address, { port, waitMs: silenceMs })));
  return tries.every(({ kind }) => kind === 'silent');
};

type Cut = {
  readonly did: string;
  readonly port: number;
  readonly to: Guest;
  /** Whose flows are to end, and whose are to go on, by the same act. */
  readonly doomed: Guest;
  readonly spared: Guest;
  readonly open: () => Promise<unknown>;
  readonly act: () => Promise<unknown>;
};

/** Opens flows of both families from both, acts, and sees which ones end: all of the one within a second and for good, none of the other. */
const cutRow = async ({ did, port, to, doomed, spared, open, act }: Cut): Promise<Row> => {
  const before = await isShut(doomed, to, port);
  await open();
  const openedMs = await within(async () => (await isOpen(doomed, to, port)) && (await isOpen(spared, to, port)));
  const flows: OpenFlow[] = [];
  const openBoth = async (from: Guest, offset: number) => {
    const own = await Promise.all(
      [to.v4, to.v6].map(async (address) => await openFlow(from, { netns: to.netns, address, port: port + offset })),
    );
    flows.push(...own);
    return own;
  };
  const all = async (some: readonly OpenFlow[], isWanted: (flow: OpenFlow) => Promise<boolean>) =>
    (await Promise.all(some.map(isWanted))).every(Boolean);
  try {
    const [cut, kept] = [await openBoth(doomed, 10), await openBoth(spared, 20)];
    const lived = await all([...cut, ...kept], async (flow) => await flow.lives());
    await act();
    const cutMs = await within(async () => await all(cut, async (flow) => !(await flow.lives(200))));
    const [stayed, others, shut] = await Promise.all([
      // Both ends of a cut flow go on trying: neither may bring it back.
      all(cut, async (flow) => !(await flow.lives(700))),
      all(kept, async (flow) => await flow.lives()),
      isShut(doomed, to, port),
    ]);
    const faults = [
      ...(before ? [] : ['open before it was allowed']),
      ...(openedMs === null ? ['not open within 1 s'] : []),
      ...(lived ? [] : ['not all flows lived before']),
      ...(cutMs === null || !stayed ? ['its flows are NOT cut'] : []),
      ...(others ? [] : ["the other's flows DIED"]),
      ...(shut ? [] : ['new flows still begin']),
    ];
    const fine = `open after ${openedMs} ms; its flows are cut, new ones do not begin, the other's live on`;
    return row('S16', did, { saw: faults.length === 0 ? fine : faults.join('; '), ok: faults.length === 0 });
  } finally {
    for (const flow of flows) flow.close();
  }
};

/** One rule for each of two instances; then one rule goes. */
const byRule = (client: NeutronClient, { near, mate, cutter, cutterGroup }: Field): Cut => {
  const rules = new Map<Guest, string[]>([
    [near, []],
    [mate, []],
  ]);
  const { rule: port } = flowPorts;
  return {
    did: 'established TCP flows of two instances, IPv4 and IPv6; the rules of one are removed',
    port,
    to: cutter,
    doomed: near,
    spared: mate,
    open: async () => {
      for (const [guest, ids] of rules) {
        for (const [ethertype, remote_ip_prefix] of [
          ['IPv4', `${guest.v4}/32`],
          ['IPv6', `${guest.v6}/128`],
        ] as const) {
          ids.push(
            await addRule(client, cutterGroup, {
              ethertype,
              protocol: 'tcp',
              port_range_min: port,
              port_range_max: port + 20,
              remote_ip_prefix,
            }),
          );
        }
      }
    },
    act: async () => await Promise.all((rules.get(near) ?? []).map(async (id) => await removeRule(client, id))),
  };
};

/** Two instances join a group that is allowed in; then one leaves it. */
const byMembership = (client: NeutronClient, { near, mate, cutter, cutterGroup, openGroup, clubGroup }: Field): Cut => {
  const { group: port } = flowPorts;
  const join = async (guest: Guest, groups: readonly string[]) =>
    await client.update('ports', 'port', { id: guest.port_id, body: { security_groups: groups } });
  return {
    did: 'two instances join a remote group that a rule names; one leaves it',
    port,
    to: cutter,
    doomed: near,
    spared: mate,
    open: async () => {
      for (const ethertype of ['IPv4', 'IPv6'] as const) {
        await addRule(client, cutterGroup, {
          ethertype,
          protocol: 'tcp',
          port_range_min: port,
          port_range_max: port + 20,
          remote_group_id: clubGroup,
        });
      }
      await Promise.all([join(near, [openGroup, clubGroup]), join(mate, [openGroup, clubGroup])]);
    },
    act: async () => await join(near, [openGroup]),
  };
};

/** An instance takes on a second group that lets others in, and gives it back: meanwhile both groups count, and afterwards its own does. */
const secondGroupRow = async (client: NeutronClient, { near, shy, shyFar, clubGroup }: Field): Promise<Row> => {
  // Of both groups, each lets one in whom the other does not.
  await addRule(client, clubGroup, { ethertype: 'IPv4', remote_ip_prefix: `${near.v4}/32` });
  await addRule(client, clubGroup, { ethertype: 'IPv6', remote_ip_prefix: `${near.v6}/128` });
  const { security_groups } = await client.show('ports', shyFar.port_id);
  const own = security_groups as readonly string[];
  const hold = async (groups: readonly string[]) =>
    await client.update('ports', 'port', { id: shyFar.port_id, body: { security_groups: groups } });
  const reaches = async (from: Guest): Promise<boolean> => {
    const tries = await Promise.all([shyFar.v4, shyFar.v6].map(async (address) => await tcpTo(from.netns, address, { waitMs: quickMs })));
    return tries.every(({ kind }) => kind === 'answered');
  };
  await hold([...own, clubGroup]);
  const openedMs = await within(async () => (await reaches(near)) && (await reaches(shy)));
  await hold(own);
  const closedMs = await within(async () => !(await reaches(near)) && (await reaches(shy)));
  return row('S16', 'an instance takes on a second group that lets others in, and gives it back', {
    saw: `${openedMs === null ? 'NOT open to the members of both within 1 s' : `open to the members of both after ${openedMs} ms`}, ${closedMs === null ? 'NOT as before 1 s after' : 'then as before'}`,
    ok: openedMs !== null && closedMs !== null,
  });
};

/** S16, for flows that are established: each cut within a second when nothing allows it any more, and no other with it. */
export const checkFlowsCut = async (field: Field, { client }: CheckContext): Promise<Row[]> => {
  const second = secondGroupRow(client, field);
  // One after the other: a rule that goes has all flows of its instance judged anew, and would hide that a member's leaving does not.
  const rule = await cutRow(byRule(client, field));
  return [rule, await cutRow(byMembership(client, field)), await second];
};
