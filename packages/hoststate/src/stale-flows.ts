import type { Ip } from '@manx/ip';
import type { HostState } from './host-state.js';
import { type EstablishedFlow, Translation } from './translation.js';

/**
 * Says of an established flow whether it is translated otherwise than it would be if it began now, for an agent that does not know by
 * what state it began: it asked for an address that is not ours any more (`lost`) or goes out as one; it leads elsewhere than its
 * floating IP or forward does now; or an instance's flow should go out as another address. What some other program of the host
 * translates is left alone.
 */
export function staleJudge(
  state: HostState,
  { snat, lost }: { readonly snat: Ip | null; readonly lost: ReadonlySet<Ip> },
): (flow: EstablishedFlow) => boolean {
  const translation = new Translation(state, snat);
  return (flow) => {
    const { source, destination, answers } = flow;
    if (lost.has(destination) || lost.has(source) || lost.has(answers.destination) || lost.has(answers.source)) return true;
    const { ip, as } = translation.of(flow);
    if (ip !== destination && answers.source !== ip) return true;
    return as !== source && answers.destination !== as && (ip !== destination || translation.own.has(source));
  };
}
