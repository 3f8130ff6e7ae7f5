import { announcedPrefixes, isProblem, isSpokenForBy, type Problem } from '@manx/model';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Admitted } from '../index.js';
import { Bench, outcome } from '../test-bench.js';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

const act = (action: string, id: string, values: object): Admitted | Problem =>
  bench.run({ op: 'act', action, kind: 'bgp_speaker', id, values: { ...values }, if_match: null });
const peer = (peer_ip: string): string => bench.made('bgp_peer', { peer_ip, remote_as: 65001, auth_type: 'none' }).id;
const speaker = (values: object = {}): string => bench.made('bgp_speaker', { name: 's', local_as: 65000, ip_version: 4, ...values }).id;
const agent = (n: number): string => {
  const id = `00000000-0000-4000-8000-0000000000b${n}`;
  bench.run({ op: 'create', kind: 'agent', items: [{ id, host: `h${n}`, project_id: '' }] });
  return id;
};
const spokenForBy = (id: string, agents: readonly string[]): boolean[] =>
  agents.map((one) => isSpokenForBy(bench.the('bgp_speaker', id), one));

describe('the peers of a BGP speaker', () => {
  it('are added once, no two at one address, and go when they are deleted', () => {
    const id = speaker();
    const [one, other, same] = [peer('198.18.0.1'), peer('198.18.0.2'), peer('198.18.0.1')];
    const added = act('add_bgp_peer', id, { bgp_peer_id: one });
    expect(isProblem(added) ? added : added.answer).toEqual({ bgp_peer_id: one });
    expect(outcome(act('add_bgp_peer', id, { bgp_peer_id: other }))).toBe('taken');
    expect(outcome(act('add_bgp_peer', id, { bgp_peer_id: same }))).toBe('409 DuplicateBgpPeerIpException');
    expect(outcome(act('add_bgp_peer', id, { bgp_peer_id: one }))).toBe('409 DuplicateBgpPeerIpException');
    expect(bench.the('bgp_speaker', id).peers).toEqual([one, other]);
    expect(outcome(act('remove_bgp_peer', id, { bgp_peer_id: one }))).toBe('taken');
    expect(outcome(act('remove_bgp_peer', id, { bgp_peer_id: one }))).toBe('404 BgpSpeakerPeerNotAssociated');
    expect(outcome(bench.del('bgp_peer', other))).toBe('taken');
    expect(bench.the('bgp_speaker', id).peers).toEqual([]);
    expect(outcome(act('add_bgp_peer', id, { bgp_peer_id: other }))).toBe('404 BgpPeerNotFound');
  });
});

describe('a BGP peer', () => {
  it('S18: is no address of a subnet, and no subnet holds the address of one', () => {
    const network = bench.made('network', {}).id;
    const subnet = (cidr: string): object => ({ network_id: network, ip_version: 4, cidr, gateway_ip: null });
    bench.made('subnet', subnet('10.9.0.0/24'));
    const at = (peer_ip: string): object => ({ peer_ip, remote_as: 65001, auth_type: 'none' });
    expect(outcome(bench.post('bgp_peer', at('10.9.0.200')))).toBe('409 BgpPeerInSubnet');
    expect(outcome(bench.post('bgp_peer', at('10.9.1.1')))).toBe('taken');
    expect(outcome(bench.post('subnet', subnet('10.9.1.0/24')))).toBe('409 SubnetOfBgpPeer');
    expect(outcome(bench.post('subnet', subnet('10.9.2.0/24')))).toBe('taken');
  });

  it.each(['127.0.0.1', '169.254.1.1', 'fe80::1', '224.0.0.5', '::', '255.255.255.255'])('is not at %s', (peer_ip) => {
    expect(outcome(bench.post('bgp_peer', { peer_ip, remote_as: 65001, auth_type: 'none' }))).toMatch(/^400/);
  });

  it('is of the family that its speaker announces, and no two speakers of a host have one at the same address', () => {
    const [v4, v6, other] = [speaker(), speaker({ ip_version: 6 }), speaker()];
    const add = (to: string, id: string): string => outcome(act('add_bgp_peer', to, { bgp_peer_id: id }));
    expect(add(v6, peer('198.18.0.1'))).toBe('409 BgpPeerOfOtherFamily');
    expect(add(v4, peer('fd00:198::1'))).toBe('409 BgpPeerOfOtherFamily');
    expect(add(v6, peer('fd00:198::1'))).toBe('taken');
    expect(add(v4, peer('198.18.0.1'))).toBe('taken');
    expect(add(other, peer('198.18.0.1'))).toBe('409 BgpPeerOfOtherSpeaker');
    const [h1, h2] = [agent(1), agent(2)];
    expect(outcome(act('remove_bgp_speaker_from_dragent', v4, { agent_id: h1 }))).toBe('taken');
    expect(outcome(act('add_bgp_speaker_to_dragent', other, { agent_id: h1 }))).toBe('taken');
    expect(add(other, peer('198.18.0.1'))).toBe('taken');
    expect(outcome(act('add_bgp_speaker_to_dragent', other, { agent_id: h2 }))).toBe('409 BgpPeerOfOtherSpeaker');
    expect(outcome(act('add_bgp_speaker_to_dragent', v4, { agent_id: h1 }))).toBe('409 BgpPeerOfOtherSpeaker');
    expect(spokenForBy(other, [h1, h2])).toEqual([true, false]);
  });
});

describe('the hosts of a BGP speaker', () => {
  const add = (id: string, agent_id: string): string => outcome(act('add_bgp_speaker_to_dragent', id, { agent_id }));
  const remove = (id: string, agent_id: string): string => outcome(act('remove_bgp_speaker_from_dragent', id, { agent_id }));

  it('are all of them, less those that it is taken from, which may have it back', () => {
    const [id, hosts] = [speaker(), [agent(1), agent(2)] as const];
    act('add_bgp_peer', id, { bgp_peer_id: peer('198.18.0.1') });
    expect(spokenForBy(id, hosts)).toEqual([true, true]);
    expect(add(id, hosts[0])).toBe('409 DrAgentAssociationError');
    expect(remove(id, hosts[0])).toBe('taken');
    expect(remove(id, hosts[0])).toBe('404 DrAgentNotHostingBgpSpeaker');
    expect(spokenForBy(id, [...hosts, agent(3)])).toEqual([false, true, true]);
    expect(add(id, hosts[0])).toBe('taken');
    expect(spokenForBy(id, hosts)).toEqual([true, true]);
    expect(add(id, '00000000-0000-4000-8000-0000000000ff')).toBe('404 DrAgentInvalid');
  });

  it('are those that it is given before it has peers, and no others', () => {
    const [id, hosts] = [speaker(), [agent(1), agent(2)] as const];
    expect(add(id, hosts[0])).toBe('taken');
    expect(spokenForBy(id, [...hosts, agent(3)])).toEqual([true, false, false]);
    act('add_bgp_peer', id, { bgp_peer_id: peer('198.18.0.1') });
    expect(add(id, hosts[1])).toBe('taken');
    expect(remove(id, hosts[0])).toBe('taken');
    expect(spokenForBy(id, hosts)).toEqual([false, true]);
    expect(outcome(bench.del('agent', hosts[1]))).toBe('taken');
    expect(bench.the('bgp_speaker', id).hosting).toEqual({ isEverywhere: false, agents: [] });
  });
});

describe('the networks of a BGP speaker', () => {
  const change = (action: string, id: string, network_id: string): string => outcome(act(action, id, { network_id }));

  it('narrow what it announces for good, and only before it has peers', () => {
    const [id, network] = [speaker(), bench.made('network', {}).id];
    bench.made('subnet', { network_id: network, ip_version: 4, cidr: '10.9.0.0/24' });
    const prefixes = (): unknown => announcedPrefixes(bench.the('bgp_speaker', id), bench.state);
    expect(prefixes()).toBeNull();
    const bgp_peer_id = peer('198.18.0.1');
    act('add_bgp_peer', id, { bgp_peer_id });
    expect(change('add_gateway_network', id, network)).toBe('409 BgpSpeakerAnnouncesAll');
    act('remove_bgp_peer', id, { bgp_peer_id });
    expect(change('add_gateway_network', id, network)).toBe('taken');
    expect(outcome(act('add_bgp_peer', id, { bgp_peer_id }))).toBe('taken');
    expect(prefixes()).toEqual(['10.9.0.0/24']);
    expect(change('remove_gateway_network', id, network)).toBe('taken');
    expect(prefixes()).toEqual([]);
    expect(change('add_gateway_network', id, network)).toBe('taken');
    expect(outcome(bench.del('network', network))).toBe('taken');
    expect(prefixes()).toEqual([]);
  });

  it('are announced with floating IPs, and what routers connect to them with tenant networks', () => {
    const [id, outside, inside] = [speaker(), bench.made('network', { 'router:external': true }).id, bench.made('network', {}).id];
    bench.made('subnet', { network_id: outside, ip_version: 4, cidr: '203.0.113.0/24' });
    const subnet_id = bench.made('subnet', { network_id: inside, ip_version: 4, cidr: '10.9.0.0/24' }).id;
    bench.made('subnet', { network_id: inside, ip_version: 6, cidr: 'fd00:9::/64' });
    const router = bench.made('router', { external_gateway_info: { network_id: outside } }).id;
    bench.does('add_router_interface', { kind: 'router', id: router, values: { subnet_id } });
    change('add_gateway_network', id, outside);
    const prefixes = (flags: object): unknown => announcedPrefixes({ ...bench.the('bgp_speaker', id), ...flags }, bench.state);
    expect(prefixes({})).toEqual(['10.9.0.0/24', '203.0.113.0/24']);
    expect(prefixes({ ip_version: 6 })).toEqual(['fd00:9::/64']);
    expect(prefixes({ advertise_tenant_networks: false })).toEqual(['203.0.113.0/24']);
    expect(prefixes({ advertise_floating_ip_host_routes: false })).toEqual(['10.9.0.0/24']);
    expect(prefixes({ advertise_floating_ip_host_routes: false, advertise_tenant_networks: false })).toEqual([]);
    expect(announcedPrefixes({ ...bench.the('bgp_speaker', speaker()), advertise_tenant_networks: false }, bench.state)).toEqual([]);
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
