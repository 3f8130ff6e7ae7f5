import { asHostName, type BgpPeer, type HostDelta } from '@manx/hoststate';
import { applyChanges, type Change, type ResourceKind, type ResourceOf, State } from '@manx/model';
import { describe, expect, it } from 'vitest';
import { compileProblems } from './compile-host.js';
import { Compiler } from './compiler.js';
import { agent, bgpPeer, bgpSpeaker, fixedIp, network, port, router, subnet } from './testing/cloud.js';

const h1 = asHostName('h1');

function put<K extends ResourceKind>(kind: K, value: ResourceOf[K]): Change {
  return { op: 'put', kind, id: value.id, value } as Change;
}

/** A cloud of two hosts without ports, and what each change tells them. */
class Cloud {
  readonly state = new State();
  readonly compiler: Compiler;

  constructor(...more: readonly Change[]) {
    applyChanges(this.state, [put('agent', agent('agent-1', 'h1')), put('agent', agent('agent-2', 'h2')), ...more]);
    this.compiler = new Compiler(this.state);
  }

  apply(...changes: readonly Change[]): ReadonlyMap<string, HostDelta> {
    applyChanges(this.state, changes);
    return this.compiler.apply(changes, this.state);
  }

  get peers(): readonly BgpPeer[] {
    return [...this.compiler.hostState(h1).bgpPeers.values()];
  }
}

describe('the peers of a BGP speaker', () => {
  it('are those of every host, with ports or without; a host that comes has them as well, and one alone is told what is its alone', () => {
    const cloud = new Cloud(put('bgp_peer', bgpPeer('p')));
    expect(cloud.compiler.hosts()).toEqual([]);
    expect([...cloud.apply(put('bgp_speaker', bgpSpeaker('s', ['p']))).keys()].sort()).toEqual(['h1', 'h2']);
    expect(cloud.compiler.hosts()).toEqual(['h1', 'h2']);
    expect(cloud.peers).toEqual([
      { kind: 'bgp-peer', id: 'p', address: '198.18.0.1', asn: 65_001, localAsn: 65_000, password: null, announced: null },
    ]);
    expect([...cloud.apply(put('agent', agent('agent-3', 'h3'))).keys()]).toEqual(['h3']);
    const hosting = { isEverywhere: true, agents: ['agent-2'] };
    expect([...cloud.apply(put('bgp_speaker', bgpSpeaker('s', ['p'], { hosting }))).keys()]).toEqual(['h2']);
    expect(cloud.apply(put('bgp_speaker', bgpSpeaker('s', ['p'], { hosting, name: 'other' })))).toEqual(new Map());
  });

  it('are told of the prefixes that routers and subnets give its networks, as they change', () => {
    const outside = { gateway: { network_id: 'net-out', external_fixed_ips: [], enable_snat: false } };
    const cloud = new Cloud(
      put('network', network('net-out')),
      put('network', network('net-a')),
      put('subnet', subnet('sub-out', { network_id: 'net-out', cidr: '203.0.113.0/24', gateway_ip: null })),
      put('subnet', subnet('sub-a', { cidr: '10.65.0.0/24' })),
      put('bgp_peer', bgpPeer('p')),
      put('bgp_speaker', bgpSpeaker('s', ['p'], { networks: ['net-out'], has_own_networks: true })),
    );
    const announced = (): unknown => cloud.peers.map((peer) => peer.announced);
    const interfaceOf = put(
      'port',
      port('if', { device_owner: 'network:router_interface', device_id: 'r', fixed_ips: [fixedIp('10.65.0.1', 'sub-a')] }),
    );
    expect(announced()).toEqual([['203.0.113.0/24']]);
    cloud.apply(put('router', router('r')), interfaceOf);
    expect(announced()).toEqual([['203.0.113.0/24']]);
    cloud.apply(put('router', router('r', outside)));
    expect(announced()).toEqual([['10.65.0.0/24', '203.0.113.0/24']]);
    cloud.apply(put('subnet', subnet('sub-a2', { cidr: '10.66.0.0/24', gateway_ip: null })));
    expect(announced()).toEqual([['10.65.0.0/24', '10.66.0.0/24', '203.0.113.0/24']]);
    cloud.apply({ op: 'delete', kind: 'port', id: 'if' });
    expect(announced()).toEqual([['203.0.113.0/24']]);
    cloud.apply(interfaceOf);
    expect(announced()).toEqual([['10.65.0.0/24', '10.66.0.0/24', '203.0.113.0/24']]);
  });

  it('that cannot be said are told by name, without their password, and the others are there', () => {
    const cloud = new Cloud(
      put('bgp_peer', bgpPeer('good')),
      put('bgp_peer', bgpPeer('bad', { peer_ip: '198.18.0.2', auth_type: 'md5', password: 'hunter"2' })),
      put('bgp_speaker', bgpSpeaker('s', ['bad', 'good', 'gone'])),
    );
    expect(cloud.peers.map(({ id }) => id)).toEqual(['good']);
    const problems = compileProblems(cloud.state);
    expect(problems.map(({ subject }) => subject)).toEqual(['bgp_peer bad', 'bgp_peer gone']);
    expect(JSON.stringify(problems)).not.toContain('hunter');
  });
});
