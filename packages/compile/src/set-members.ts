import { FLAT_SPACE, interestOf, type Member, memberOf, multicastSet } from '@manx/hoststate';
import { parseCidr } from '@manx/ip';
import type { AddressGroup, Agent, StateReader, Subnet } from '@manx/model';
import { membersOf } from './compile-port.js';

const ADDRESS_GROUP = 'addresses-';

/** The id of the set of an address group: another than that of any security group. */
export function addressGroupSet(id: string): string {
  return `${ADDRESS_GROUP}${id}`;
}

/** The address group whose set it is; null for a set of something else. */
export function addressGroupOf(set: string): string | null {
  return set.startsWith(ADDRESS_GROUP) ? set.slice(ADDRESS_GROUP.length) : null;
}

/** What an address group gives to its set; text that is no prefix in canonical form is nobody. */
export function addressGroupMembers(group: AddressGroup | undefined): readonly Member[] {
  return [...new Set((group?.addresses ?? []).flatMap(prefixMember))];
}

/** What a subnet gives to the flat space. */
export function flatSpaceMember(subnet: Subnet | undefined): Member | undefined {
  return subnet === undefined ? undefined : prefixMember(subnet.cidr)[0];
}

/** The sets of what a host's instances listen to (S10): the host's end of tunnels is a member of each. Groups of the link have none. */
export function multicastSets(agent: Agent | undefined): readonly string[] {
  return [...new Set((agent?.multicast?.groups ?? []).map(multicastSet))].filter((set) => interestOf(set) !== null);
}

function multicastMembers(set: string, state: StateReader): readonly Member[] {
  return [...state.all('agent')].flatMap((agent) => (multicastSets(agent).includes(set) ? (agent.multicast?.address ?? []) : []));
}

/** Every member of a set, as often as somebody gives it: the flat space, an address group, or a remote group. */
export function setMembers(set: string, state: StateReader): readonly Member[] {
  if (set === FLAT_SPACE) return [...state.all('subnet')].flatMap((subnet) => flatSpaceMember(subnet) ?? []);
  if (interestOf(set) !== null) return multicastMembers(set, state);
  const addressGroup = addressGroupOf(set);
  if (addressGroup !== null) return addressGroupMembers(state.get('address_group', addressGroup));
  return state.by('port.security_group', set).flatMap(membersOf);
}

function prefixMember(text: string): Member[] {
  const parsed = parseCidr(text);
  return parsed === null || parsed.cidr !== text ? [] : [memberOf(parsed.cidr)];
}
