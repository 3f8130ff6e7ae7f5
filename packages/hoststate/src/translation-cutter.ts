import type { Ip } from '@manx/ip';
import type { FlowJudge } from './flow.js';
import { FLAT_SPACE, type HostState, type Member } from './host-state.js';
import { Translation } from './translation.js';

/** Which flows are concerned, as a source or destination of their first packet, and which of them are cut. */
export type TranslationCutter = { readonly addresses: ReadonlySet<Member>; readonly isCut: FlowJudge };

/**
 * Which established flows are translated otherwise by `after` than by `before`: conntrack would go on translating them as they were.
 * `snat` is the host's address for source NAT, which does not change while the host runs. What joins or leaves the flat space is
 * no reason: flows that go there end by themselves.
 */
export function translationCutter(before: HostState, after: HostState, snat: Ip | null): TranslationCutter {
  const flat = before.sets.get(FLAT_SPACE) ?? after.sets.get(FLAT_SPACE);
  const [old, now] = [before, after].map((state) => new Translation(state, snat, flat)) as [Translation, Translation];
  const addresses = new Set<Member>([
    ...changedKeys(old.floating, now.floating),
    ...changedKeys(old.senders, now.senders),
    ...changedForwards(old, now),
    ...difference(old.natted, now.natted),
  ]);
  return {
    addresses,
    isCut: (flow) => {
      if (addresses.size === 0) return false;
      const [was, is] = [old.of(flow), now.of(flow)];
      return was.ip !== is.ip || was.port !== is.port || was.as !== is.as;
    },
  };
}

function changedKeys<K, V>(before: ReadonlyMap<K, V>, after: ReadonlyMap<K, V>): K[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key));
}

/** The addresses of forwards that came, went or changed, or whose target came to this host or left it. */
function changedForwards(before: Translation, after: Translation): Ip[] {
  const texts = ({ forwards, own }: Translation): ReadonlyMap<string, string> =>
    new Map([...forwards].map(([id, forward]) => [id, JSON.stringify([forward, own.has(forward.fixed)])]));
  const changed = changedKeys(texts(before), texts(after));
  return changed.flatMap((id) => [before.forwards.get(id), after.forwards.get(id)].flatMap((one) => (one === undefined ? [] : [one.ip])));
}

function difference(before: readonly Member[], after: readonly Member[]): Member[] {
  return [...before.filter((member) => !after.includes(member)), ...after.filter((member) => !before.includes(member))];
}
