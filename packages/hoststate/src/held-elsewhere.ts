import type { Ip } from '@manx/ip';
import type { HostState, Member } from './host-state.js';
import { isSilent } from './phase.js';
import { reviewedMembers } from './tightened.js';

/**
 * Which of some addresses that somebody in the cloud has lost are no business of this host's endpoints: what becomes of flows with an address that
 * one here has, or still has, is decided by the change of that endpoint (`flowCutter`). One that is silent here does not count.
 */
export function heldElsewhere(released: Iterable<Ip>, state: HostState): ReadonlySet<Ip> {
  const present = new Map([...state.endpoints].filter(([, endpoint]) => !isSilent(endpoint)));
  const here = new Set<Member>(reviewedMembers({ ...state, endpoints: present }));
  return new Set([...released].filter((ip) => !here.has(ip)));
}
