import { type AddressSet, type Endpoint, type HostState, isObjectId } from '@manx/hoststate';
import { type Family, familyOf } from '@manx/ip';
import type { NftChain, NftSet, NftTable, RenderProblem } from '../host-plan.js';
import { remember } from '../remember.js';
import type { RenderSettings } from '../settings.js';
import { renderEndpoints } from './endpoint-sets.js';
import { ARP_CHAINS, fixedChains } from './fixed-chains.js';
import { groupSet, policyChain } from './names.js';
import { renderPolicy } from './policy-chains.js';

/** The tables, and what could not be said in them. */
export type RenderedTables = { readonly tables: readonly NftTable[]; readonly problems: readonly RenderProblem[] };

const NOTHING: NftChain = { hook: null, rules: [] };
const NOBODY: { readonly [F in Family]: NftSet } = { 4: addresses([], 4), 6: addresses([], 6) };

const renderSettings = remember(fixedChains);

/**
 * The tables `inet manx` and `arp manx` for these endpoints: one lookup by interface name in each direction, however
 * many endpoints; a chain per security group and direction, shared; a plain hash set per remote group and family.
 * A policy that the state does not have allows nothing, a set that it does not have is nobody: both are problems.
 */
export function renderTables(state: HostState, endpoints: readonly Endpoint[], settings: RenderSettings): RenderedTables {
  const shared = renderEndpoints(endpoints);
  const problems: RenderProblem[] = [];
  const chains = new Map([...renderSettings(settings), ...shared.chains]);
  const groups = addPolicies(state, { endpoints, chains, problems });
  const inet: NftTable = {
    family: 'inet',
    name: 'manx',
    sets: new Map([...shared.inetSets, ...groupSets(state, groups, problems)]),
    maps: new Map(shared.inetMaps),
    chains,
  };
  return { tables: [inet, { family: 'arp', name: 'manx', sets: new Map(shared.arpSets), maps: new Map(), chains: ARP_CHAINS }], problems };
}

/** Adds the chains of the policies that the endpoints use; answers which sets their rules name, and in which policy. */
function addPolicies(
  state: HostState,
  into: { readonly endpoints: readonly Endpoint[]; readonly chains: Map<string, NftChain>; readonly problems: RenderProblem[] },
): Map<string, string> {
  const groups = new Map<string, string>();
  for (const id of sorted(new Set(into.endpoints.flatMap((endpoint) => endpoint.policies)))) {
    const policy = state.policies.get(id);
    if (!isObjectId(id)) {
      into.problems.push({ code: 'bad_name', subject: id, detail: `not a plain id: ${JSON.stringify(id)}` });
      continue;
    }
    if (policy === undefined) into.problems.push({ code: 'unknown_policy', subject: id, detail: `no such policy: ${id}` });
    const nft = policy === undefined ? null : renderPolicy(policy);
    into.problems.push(...(nft?.problems ?? []));
    for (const set of nft?.sets ?? []) if (!groups.has(set)) groups.set(set, id);
    for (const direction of ['egress', 'ingress'] as const) into.chains.set(policyChain(direction, id), nft?.[direction] ?? NOTHING);
  }
  return groups;
}

function groupSets(state: HostState, groups: ReadonlyMap<string, string>, problems: RenderProblem[]): Array<[string, NftSet]> {
  return sorted(groups.keys()).flatMap((id) => {
    const set = state.sets.get(id);
    if (set === undefined) problems.push({ code: 'unknown_set', subject: groups.get(id) ?? id, detail: `no such set: ${id}` });
    const both = set === undefined ? NOBODY : renderSet(set);
    return ([4, 6] as const).map((family): [string, NftSet] => [groupSet(id, family), both[family]]);
  });
}

const renderSet = remember((set: AddressSet): { readonly [F in Family]: NftSet } => {
  return { 4: addresses(set.members, 4), 6: addresses(set.members, 6) };
});

function addresses(members: AddressSet['members'], family: Family): NftSet {
  return { type: `ipv${family}_addr`, flags: [], elements: new Set(members.filter((ip) => familyOf(ip) === family)) };
}

function sorted(ids: Iterable<string>): string[] {
  return [...ids].sort((a, b) => (a < b ? -1 : 1));
}
