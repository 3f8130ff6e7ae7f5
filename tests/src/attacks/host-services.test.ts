import { asIp, familyOf, type Ip, isMulticast, multicastMac } from '@manx/ip';
import {
  clientFor,
  hostNamespace,
  icmp6,
  type Layout,
  layoutOf,
  managementNamespace,
  openLinkOf,
  serveTcp,
  serveUdp,
  tcp,
  tcpTo,
  udp,
  udpTo,
  waitUntil,
} from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { endsOf, ipFrame, newToken, nobody, udpShot } from './forge.js';
import { type Ground, passes, settle } from './ground.js';
import { carries, readPacket } from './read-packet.js';

/** A port that the test itself opens everywhere that is out of reach: silence there is policy, not absence. */
const door = 7_018;
/** SSH, DNS, BGP, the API, the agents' door, metrics; and over UDP DNS, NTP, BFD (single hop, echo, multihop), mDNS. */
const tcpPorts = [door, 22, 53, 80, 179, 9_696, 9_697, 9_698];
const udpPorts = [door, 53, 67, 123, 3_784, 3_785, 4_784, 5_353];

const linkAddresses = (layout: Layout, namespace: string): readonly string[] =>
  layout.links.flatMap(({ a, b }) =>
    [a, b].filter((end) => end.namespace === namespace).flatMap(({ addresses }) => addresses.map((one) => one.split('/')[0] ?? '')),
  );

/** Every address that somebody of the infrastructure listens on, and what a guest may try for its own host besides. */
const targetsOf = ({ hosts, mallory, victim, friend, gateway }: Ground): readonly Ip[] => {
  const layout = layoutOf(hosts);
  const routers = [...layout.hosts, ...layout.tors];
  return [
    ...routers.flatMap(({ namespace, loopback4, loopback6 }) => [loopback4, loopback6, ...linkAddresses(layout, namespace)]),
    ...layout.hosts.map(({ managementAddress }) => managementAddress),
    layout.management.serverAddress,
    gateway,
    mallory.gateway6,
    mallory.router,
    // The host's addresses on the taps of others.
    victim.router,
    friend.router,
    '127.0.0.1',
    '127.8.8.8',
    '::1',
    '0.0.0.0',
    '255.255.255.255',
    '224.0.0.1',
    '224.0.0.251',
    'ff02::1',
    'ff02::2',
    'ff02::fb',
    'ff05::2',
  ].map((one) => asIp(one));
};

const macsFor = (target: Ip, hostMac: string): readonly string[] =>
  isMulticast(target) ? [multicastMac(target), hostMac] : target.includes('.') ? [hostMac, 'ff:ff:ff:ff:ff:ff'] : [hostMac];

/** SYN, what belongs to no connection, and datagrams, to each port of each address; the hop limit that BFD and BGP's own check ask for. */
const knocks = ({ mallory }: Ground, targets: readonly Ip[], token: Uint8Array): readonly Uint8Array[] =>
  targets.flatMap((destination) =>
    (familyOf(destination) === 4 ? [mallory.v4] : [mallory.v6, mallory.linkLocal]).flatMap((source) =>
      macsFor(destination, mallory.hostMac).flatMap((to) => {
        const frame = (protocol: number, payload: Uint8Array) =>
          ipFrame(mallory, { source, destination, protocol, payload, hops: 255 }, { to });
        return [
          ...tcpPorts.flatMap((dport) =>
            [2, 16, 18].map((flags) => frame(6, tcp({ source, destination, sport: 40_000 + flags, dport }, flags, token))),
          ),
          ...tcpPorts.map((sport) => frame(6, tcp({ source, destination, sport, dport: 40_001 }, 16, token))),
          ...udpPorts.map((dport) => frame(17, udp({ source, destination, sport: 40_002, dport }, token))),
          ...(familyOf(destination) === 6 ? [frame(58, icmp6({ source, destination }, { type: 139, code: 0, body: token }))] : []),
        ];
      }),
    ),
  );

/** What an answer to a knock would be: TCP, UDP, an error message that quotes it, or node information; not an echo, not what everybody is told. */
const isAnswer = (frame: Uint8Array): boolean => {
  const { protocol, payload } = readPacket(frame);
  if (protocol === 6) return true;
  if (protocol === 17) return ((payload[2] ?? 0) << 8) + (payload[3] ?? 0) !== 68;
  // Host or network unreachable, or prohibited, may be said of an address; not of a port.
  if (protocol === 1) return payload[0] === 3 && [2, 3].includes(payload[1] ?? 0);
  return protocol === 58 && ((payload[0] === 1 && payload[1] === 4) || payload[0] === 140);
};

/** What was heard from whom, of all doors of the infrastructure, and what arrived beyond the attacker's own host. */
const heard = async (ground: Ground): Promise<string[]> => {
  const { mallory, hosts } = ground;
  const layout = layoutOf(hosts);
  const places = [...layout.hosts.map(({ name }) => hostNamespace(name)), managementNamespace];
  const doors = places.flatMap((namespace) => ([4, 6] as const).map((family) => ({ namespace, family })));
  const servers = [
    ...doors.map(({ namespace, family }) => serveTcp(namespace, family, door)),
    ...(await Promise.all(doors.map(async ({ namespace, family }) => await serveUdp(namespace, family, door)))),
  ];
  const beyond = layout.tors.map(({ name, namespace }) => ({ name, link: openLinkOf(namespace, `to-${mallory.host}`) }));
  const link = openLinkOf(mallory.netns);
  try {
    // The doors are open: who may, is answered.
    for (const host of layout.hosts) {
      const address = host.managementAddress;
      expect((await tcpTo(hostNamespace(host.name), address, { port: door })).kind).toBe('answered');
      expect((await udpTo(hostNamespace(host.name), address, { port: door })).kind).toBe('answered');
    }
    const token = newToken();
    for (const frame of knocks(ground, targetsOf(ground), token)) link.send(frame);
    await settle(ground);
    const said = (frame: Uint8Array) => {
      const { source, protocol } = readPacket(frame);
      return `${source} answered, protocol ${protocol}`;
    };
    return [
      ...new Set([
        ...link.heard().filter(isAnswer).map(said),
        ...beyond.flatMap(({ name, link: far }) =>
          far
            .heard()
            .filter((frame) => carries(frame, token))
            .map((frame) => `${name} got a packet for ${readPacket(frame).destination}`),
        ),
      ]),
    ];
  } finally {
    for (const { close } of [link, ...beyond.map((one) => one.link), ...servers]) close();
  }
};

/** Takes the attacker's port security away for the time of an act (S19). */
const withoutPortSecurity = async (ground: Ground, act: () => Promise<void>): Promise<void> => {
  const { mallory, witness, groups } = ground;
  const client = clientFor('operator');
  const hold = async (body: object) => await client.update('ports', 'port', { id: mallory.port_id, body });
  const isFree = async () =>
    await passes(mallory, witness, udpShot('a forged source', mallory, { ...endsOf(mallory, witness, 4), source: nobody.v4 }), 50);
  await hold({ port_security_enabled: false, security_groups: [] });
  try {
    await waitUntil('port security to be off', isFree);
    await act();
  } finally {
    await hold({ port_security_enabled: true, security_groups: [groups.open] });
    await waitUntil('port security to be on', async () => !(await isFree()));
  }
};

tryAttacks([
  {
    title:
      'S18: no service of a host, the fabric or the server answers an instance, on any address or port (BGP, BFD, API, agents, loopback, other taps)',
    act: async (ground) => {
      expect(await heard(ground)).toEqual([]);
    },
  },
  {
    title: 'S18, S19: nor one whose port security is off',
    act: async (ground) => {
      await withoutPortSecurity(ground, async () => {
        expect(await heard(ground)).toEqual([]);
      });
    },
  },
]);
