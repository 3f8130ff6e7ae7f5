import {
  type Endpoint,
  type HostObject,
  type HostState,
  NO_QOS,
  type Policy,
  type PolicyRule,
  type Subnet,
  tapName,
} from '@manx/hoststate';
import { asCidr, asIp, asMac } from '@manx/ip';

export const GATEWAY = '10.65.0.1';

/** The n-th port of the tests: its id, tap, MAC and address follow from n. */
export const portOf = (n: number): { id: string; tap: string; mac: string; ip: string } => {
  const id = `00000000-0000-4000-8000-0000000000${n.toString().padStart(2, '0')}`.replace(
    '00000000-00',
    `${n.toString().padStart(8, '0')}-00`,
  );
  return { id, tap: tapName(id), mac: `fa:16:3e:00:00:${n.toString(16).padStart(2, '0')}`, ip: `10.65.0.${n + 1}` };
};

export const endpoint = (n: number, policies: readonly string[] = ['open']): Endpoint => {
  const { id, mac, ip } = portOf(n);
  const addresses = [{ ip: asIp(ip), subnet: 'subnet-a' }];
  return {
    kind: 'endpoint',
    id,
    ifname: tapName(id),
    mac: asMac(mac),
    isUp: true,
    phase: 'home',
    picksUp: false,
    addresses,
    isSecured: true,
    pairs: [],
    claims: [],
    policies,
    floating: [],
    forwards: [],
    floatingLimits: [],
    qos: NO_QOS,
    dhcpOptions: [],
    logs: [],
    owner: null,
    hostname: `host-10-65-0-${n + 1}`,
  };
};

export const SUBNET: Subnet = {
  kind: 'subnet',
  id: 'subnet-a',
  network: 'network-a',
  cidr: asCidr('10.65.0.0/24'),
  gateway: asIp(GATEWAY),
  isGatewayHeld: false,
  hasSnat: false,
  isDhcpEnabled: true,
  dnsServers: [],
  hostRoutes: [],
  mtu: 1500,
  raMode: null,
  addressMode: null,
};

const rule = (id: string, fields: Partial<PolicyRule>): PolicyRule => ({
  id,
  direction: 'ingress',
  family: 4,
  protocol: null,
  ports: null,
  icmp: null,
  peer: { kind: 'any' },
  ...fields,
});

export const EGRESS = rule('rule-egress', { direction: 'egress' });
export const PING = rule('rule-ping', { protocol: 1 });
export const TCP_5000 = rule('rule-tcp', { protocol: 6, ports: { from: 5000, to: 5000 } });

export const policy = (id: string, ...rules: readonly PolicyRule[]): Policy => ({
  kind: 'policy',
  id,
  isStateful: true,
  rules: [...rules].sort((a, b) => (a.id < b.id ? -1 : 1)),
});

/** A state of these objects. */
export const stateOf = (...objects: readonly HostObject[]): HostState => {
  const of = <K extends HostObject['kind']>(kind: K): ReadonlyMap<string, Extract<HostObject, { kind: K }>> =>
    new Map(
      objects.filter((object): object is Extract<HostObject, { kind: K }> => object.kind === kind).map((object) => [object.id, object]),
    );
  return {
    endpoints: of('endpoint'),
    policies: of('policy'),
    sets: of('set'),
    subnets: of('subnet'),
    names: of('names'),
    bgpPeers: of('bgp-peer'),
  };
};
