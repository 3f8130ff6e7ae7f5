import { HOST_ABILITIES, isProblem, type Problem } from '@manx/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Admitted } from '../index.js';
import { Bench, outcome } from '../test-bench.js';

/* What hosts will be asked for once they can; what they are asked for until then is in the API's own tests. */

const abilities: { -readonly [name in keyof typeof HOST_ABILITIES]: boolean } = HOST_ABILITIES;
const before = { ...HOST_ABILITIES };
let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  Object.assign(abilities, { logsPackets: true, peersByApi: true });
});
afterEach(() => {
  Object.assign(abilities, before);
});

const act = (action: string, id: string, values: object): Admitted | Problem =>
  bench.run({ op: 'act', action, kind: 'bgp_speaker', id, values: { ...values }, if_match: null });
const peer = (peer_ip: string): string => bench.made('bgp_peer', { peer_ip, remote_as: 65001, auth_type: 'none' }).id;

describe('the peers of a BGP speaker', () => {
  it('are added once, no two at one address, and go when they are deleted', () => {
    const speaker = bench.made('bgp_speaker', { name: 's', local_as: 65000, ip_version: 4 }).id;
    const [one, other, same] = [peer('198.18.0.1'), peer('198.18.0.2'), peer('198.18.0.1')];
    const added = act('add_bgp_peer', speaker, { bgp_peer_id: one });
    expect(isProblem(added) ? added : added.answer).toEqual({ bgp_peer_id: one });
    expect(outcome(act('add_bgp_peer', speaker, { bgp_peer_id: other }))).toBe('taken');
    expect(outcome(act('add_bgp_peer', speaker, { bgp_peer_id: same }))).toBe('409 DuplicateBgpPeerIpException');
    expect(outcome(act('add_bgp_peer', speaker, { bgp_peer_id: one }))).toBe('409 DuplicateBgpPeerIpException');
    expect(bench.the('bgp_speaker', speaker).peers).toEqual([one, other]);
    expect(outcome(act('remove_bgp_peer', speaker, { bgp_peer_id: one }))).toBe('taken');
    expect(outcome(act('remove_bgp_peer', speaker, { bgp_peer_id: one }))).toBe('404 BgpSpeakerPeerNotAssociated');
    expect(outcome(bench.del('bgp_peer', other))).toBe('taken');
    expect(bench.the('bgp_speaker', speaker).peers).toEqual([]);
    expect(outcome(act('add_bgp_peer', speaker, { bgp_peer_id: other }))).toBe('404 BgpPeerNotFound');
  });
});

describe('a log', () => {
  it('is switched on and off, and goes with its group', () => {
    const { id: group } = bench.made('security_group', { name: 'web' });
    const { id } = bench.made('log', { resource_type: 'security_group', resource_id: group });
    expect(bench.the('log', id)).toMatchObject({ enabled: true, event: 'ALL', target_id: null });
    expect(bench.changed('log', id, { enabled: false, name: 'off' })).toMatchObject({ enabled: false, name: 'off' });
    expect(outcome(bench.put('log', id, { event: 'DROP' }))).toBe('400 HTTPBadRequest');
    expect(outcome(bench.del('security_group', group))).toBe('taken');
    expect(bench.state.get('log', id)).toBeUndefined();
  });
});

describe('an agent', () => {
  it('that an administrator has switched off takes no port that moves there, and loses none', () => {
    const [h1, h2] = ['h1', 'h2'].map((host, at) => {
      const id = `00000000-0000-4000-8000-0000000000a${at}`;
      bench.run({ op: 'create', kind: 'agent', items: [{ id, host, project_id: '' }] });
      return id;
    });
    const network = bench.made('network', {}).id;
    const bound = (host: string): string =>
      bench.made('port', { network_id: network, 'binding:host_id': host, device_owner: 'compute:nova' }).id;
    const [there, elsewhere] = [bound('h1'), bound('h2')];
    bench.changed('agent', h1 ?? '', { admin_state_up: false });
    expect(bench.changed('port', there, { name: 'stays', 'binding:host_id': 'h1' })['binding:vif_type']).toBe('tap');
    expect(bench.changed('port', elsewhere, { 'binding:host_id': 'h1' })['binding:vif_type']).toBe('binding_failed');
    bench.changed('agent', h1 ?? '', { admin_state_up: true });
    expect(bench.changed('port', elsewhere, { 'binding:host_id': 'h1' })['binding:vif_type']).toBe('tap');
    expect(outcome(bench.del('agent', h2 ?? ''))).toBe('taken');
  });
});
