import type { NeutronClient } from '../neutron-client.js';
import type { CheckContext } from './context.js';
import type { Field, Guest } from './field.js';
import { inWords, ping, silenceMs, tcpTo, udpTo } from './reach.js';
import { type Row, row } from './row.js';
import { checkFlowsCut } from './s16-flows.js';
import { checkRules, quickMs } from './s16-rules.js';
import { within } from './within.js';

const defaultGroupRows = async ({ near, shy, shyFar }: Field): Promise<Row[]> => {
  const [mates, mates6, others, others6] = await Promise.all([
    tcpTo(shy.netns, shyFar.v4),
    tcpTo(shy.netns, shyFar.v6),
    tcpTo(near.netns, shy.v4, { waitMs: silenceMs }),
    tcpTo(near.netns, shy.v6, { waitMs: silenceMs }),
  ]);
  return [
    row('S16', 'default group: between its members, IPv4 and IPv6', {
      saw: `${inWords(mates)}; ${inWords(mates6)}`,
      ok: mates.kind === 'answered' && mates6.kind === 'answered',
    }),
    row('S16', 'default group: from an instance that is not in it, IPv4 and IPv6', {
      saw: `${inWords(others)}; ${inWords(others6)}`,
      ok: others.kind === 'silent' && others6.kind === 'silent',
    }),
  ];
};

/** What of TCP, UDP and ping passes, both families. */
const passing = async (from: Guest, to: Guest): Promise<string[]> => {
  const waitMs = silenceMs;
  const tries = ([4, 6] as const).flatMap((family) => {
    const address = family === 4 ? to.v4 : to.v6;
    return [
      async () => ((await tcpTo(from.netns, address, { waitMs })).kind === 'silent' ? null : `TCP IPv${family}`),
      async () => ((await udpTo(from.netns, address, { waitMs })).kind === 'silent' ? null : `UDP IPv${family}`),
      async () => ((await ping(from.netns, address, waitMs)) === null ? null : `ping IPv${family}`),
    ];
  });
  return (await Promise.all(tries.map(async (one) => await one()))).filter((one) => one !== null);
};

/** The rules that Neutron gives every new group (all egress) are removed here: the rules that follow stand alone. */
const removeEgress = async (client: NeutronClient, group: string): Promise<void> => {
  const rules = await client.list('security-group-rules', { security_group_id: group, direction: 'egress' });
  for (const { id } of rules) await client.remove('security-group-rules', id);
};

const denyRow = async ({ client }: CheckContext, { near, guarded, guardedGroup }: Field): Promise<Row> => {
  await removeEgress(client, guardedGroup);
  await within(
    async () =>
      (await tcpTo(guarded.netns, near.v4, { waitMs: quickMs })).kind === 'silent' &&
      (await tcpTo(guarded.netns, near.v6, { waitMs: quickMs })).kind === 'silent',
  );
  const [into, out] = await Promise.all([passing(near, guarded), passing(guarded, near)]);
  return row('S16', 'a group without rules: TCP, UDP, ping, IPv4 and IPv6, into it and out of it', {
    saw: `in: ${into.join(', ') || 'silent'}; out: ${out.join(', ') || 'silent'}`,
    ok: into.length === 0 && out.length === 0,
  });
};

/** S16: security groups, at the instance's own host, at once, for established flows too. */
export const checkGroups = async (field: Field, context: CheckContext): Promise<Row[]> => {
  // Instances and ports of their own: they can be tried side by side.
  const ruled = async () => [await denyRow(context, field), ...(await checkRules(field, context))];
  return (await Promise.all([defaultGroupRows(field), ruled(), checkFlowsCut(field, context)])).flat();
};
