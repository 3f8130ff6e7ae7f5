import { hostCidr } from '@manx/ip';
import { type BgpPeer, type BgpPeerDraft, type Problem, problem } from '@manx/model';
import type { Work } from '../work.js';

/** Makes a peer; MD5 needs a password, and nothing else has use for one. What has an address of a subnet is an instance, or may become one: none is a peer. */
export function createBgpPeer(work: Work, draft: BgpPeerDraft): BgpPeer | Problem {
  const isSecret = draft.auth_type === 'md5';
  if (isSecret && draft.password === null) return problem('InvalidBgpPeerMd5Authentication', {});
  const [subnet] = work.state.overlapping(hostCidr(draft.peer_ip));
  if (subnet !== undefined) return problem('BgpPeerInSubnet', { peer_ip: draft.peer_ip, subnet_id: subnet.id, cidr: subnet.cidr });
  return work.create('bgp_peer', { ...draft, password: isSecret ? draft.password : null, description: '' });
}

/** Changes a peer's name or password. */
export function updateBgpPeer(work: Work, peer: BgpPeer, values: Partial<Pick<BgpPeer, 'name' | 'password'>>): BgpPeer | Problem {
  const { password } = values;
  if (peer.auth_type === 'none' && password !== undefined && password !== null) {
    return problem('BgpPeerNotAuthenticated', { bgp_peer_id: peer.id });
  }
  if (peer.auth_type === 'md5' && password === null) return problem('InvalidBgpPeerMd5Authentication', {});
  return work.update('bgp_peer', peer, values);
}

/** Deletes a peer; speakers that have it lose it. */
export function deleteBgpPeer(work: Work, peer: BgpPeer): null {
  for (const speaker of work.state.by('bgp_speaker.peer', peer.id)) {
    work.update('bgp_speaker', speaker, { peers: speaker.peers.filter((id) => id !== peer.id) });
  }
  work.delete('bgp_peer', peer.id);
  return null;
}
