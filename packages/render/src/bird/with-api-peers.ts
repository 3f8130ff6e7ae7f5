import { type BgpPeer, bgpSessionName } from '@manx/hoststate';
import { familyOf } from '@manx/ip';
import type { RenderProblem } from '../host-plan.js';
import { birdProblems } from './bird-problems.js';
import type { BirdPeer, BirdSettings } from './bird-settings.js';

/** The host's BGP with the peers that the API gave it; `settings` is null on a host without BGP. */
export type BirdWithApiPeers = { readonly settings: BirdSettings | null; readonly problems: readonly RenderProblem[] };

/** What a session is called in BIRD begins with this. */
const PREFIX = 'peer-';

/**
 * The settings with the peers of the API beside those of the host's own file, which go first: BIRD has one session with an address. A peer that
 * cannot be said, or whose address the file has, is left out, and a problem; all others are as if it were not there. A peer with an address of the host is the host itself, in
 * a mesh of hosts that are each other's peers: it is left out as well, and no problem.
 */
export function withApiPeers(settings: BirdSettings | undefined, peers: ReadonlyMap<string, BgpPeer>): BirdWithApiPeers {
  const own = settings?.apiPeers?.localAddresses ?? [];
  const sorted = [...peers.values()].filter(({ address }) => !own.includes(address)).sort((a, b) => (a.id < b.id ? -1 : 1));
  if (settings === undefined) {
    const detail = 'the host has no session with this BGP peer of the API: there is no `bgp` in its agent.yaml';
    return { settings: null, problems: sorted.map(({ id }) => problem(id, detail)) };
  }
  const taken = new Map<string, string>(settings.peers.map(({ address, name }) => [address, `\`${name}\` of its agent.yaml`]));
  const added: BirdPeer[] = [];
  const problems: RenderProblem[] = [];
  for (const peer of sorted) {
    const one = birdPeer(peer, settings);
    const [wrong] = birdProblems({ ...settings, peers: [one] });
    const holder = taken.get(peer.address);
    if (holder !== undefined) problems.push(problem(peer.id, `there is a session with its address ${peer.address} already: ${holder}`));
    else if (wrong !== undefined)
      problems.push(problem(peer.id, `${wrong.subject.replace(`bgp.peers.${one.name}`, 'bgp.api_peers')} ${wrong.detail}`));
    else {
      added.push(one);
      taken.set(peer.address, `BGP peer ${peer.id}`);
    }
  }
  return { settings: added.length === 0 ? settings : { ...settings, peers: [...settings.peers, ...added] }, problems };
}

function birdPeer({ id, address, asn, localAsn, password, announced }: BgpPeer, { apiPeers = {} }: BirdSettings): BirdPeer {
  const { multihop, hasTtlSecurity, localAddresses = [], ...always } = apiPeers;
  const isInternal = asn === localAsn;
  const local = localAddresses.find((ip) => familyOf(ip) === familyOf(address));
  return {
    ...always,
    // What is for peers of another AS alone says nothing of the others, and what is on a link is spoken to from the link.
    ...(isInternal ? {} : { multihop, hasTtlSecurity }),
    ...(isInternal || multihop !== undefined ? { localAddress: local } : {}),
    name: bgpSessionName(id).slice(PREFIX.length),
    address,
    asn,
    localAsn,
    password: password ?? undefined,
    announced: announced ?? undefined,
  };
}

function problem(subject: string, detail: string): RenderProblem {
  return { code: 'bad_peer', subject, detail };
}
