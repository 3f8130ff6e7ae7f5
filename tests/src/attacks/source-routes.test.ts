import { asIp, type Ip } from '@manx/ip';
import {
  concat,
  execIn,
  extensionHeaders,
  type Guest,
  hostNamespace,
  openLinkOf,
  ip as packet,
  redirectBody,
  routingHeader,
  sourceRoute,
  udp,
} from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { endsOf, icmpPacket, ipFrame, type Shot, shot, udpPacket } from './forge.js';
import { arrivals, type Ground } from './ground.js';

/** Packets to one address that ask to be sent on to another. */
const routed = ({ mallory, victim, witness, friend, gateway }: Ground): readonly Shot[] => {
  const vias: readonly (readonly [Guest, string])[] = [
    [victim, 'the victim'],
    [witness, 'the witness'],
    [friend, 'a friend'],
  ];
  const first4 = [asIp(gateway), asIp('198.18.255.11'), asIp('127.0.0.1')];
  const first6 = [mallory.gateway6, mallory.router, asIp('fd00:198:18:ffff::b'), asIp('::1')];
  const v4 = (destination: Ip, kind: 131 | 137, [via, whom]: readonly [Guest, string]) =>
    shot(`IPv4 by ${destination} to ${whom}, option ${kind}`, (token) =>
      ipFrame(mallory, { ...udpPacket({ source: mallory.v4, destination }, token), options: sourceRoute(kind, via.v4) }),
    );
  const v6 = (destination: Ip, type: number, [via, whom]: readonly [Guest, string]) =>
    shot(`IPv6 by ${destination} to ${whom}, type ${type}`, (token) => {
      const ends = { source: mallory.v6, destination: via.v6, sport: 4_666, dport: 4_667 };
      return ipFrame(mallory, {
        source: mallory.v6,
        destination,
        protocol: extensionHeaders.routing,
        payload: concat(routingHeader(17, { type, via: via.v6 }), udp(ends, token)),
      });
    });
  return vias.flatMap((via) => [
    ...first4.flatMap((destination) => ([131, 137] as const).map((kind) => v4(destination, kind, via))),
    ...first6.flatMap((destination) => [0, 2, 3, 4].map((type) => v6(destination, type, via))),
  ]);
};

/** By way of the witness, who lets everything in: the options themselves must stop it. */
const throughWitness = ({ mallory, victim, witness }: Ground): readonly Shot[] =>
  ([131, 137] as const).map((kind) =>
    shot(`IPv4 by the witness, option ${kind}`, (token) =>
      ipFrame(mallory, { ...udpPacket(endsOf(mallory, witness, 4), token), options: sourceRoute(kind, victim.v4) }),
    ),
  );

/** What a host would do with a packet to an address: it shows the exceptions that redirects make as well. */
const routesTo = async (hosts: readonly string[], addresses: readonly Ip[]): Promise<string[]> =>
  await Promise.all(
    hosts.flatMap((host) =>
      addresses.map(async (address) => {
        const { stdout } = await execIn(hostNamespace(host), ['ip', 'route', 'get', address]);
        // Of several equal ways any may be shown; an exception has words of its own.
        return `${host} to ${address}: ${/redirected|expires|cache <[^>]*>/.exec(stdout)?.[0] ?? 'no exception'}`;
      }),
    ),
  );

/** Redirects of both families to the host and to each neighbour, quoting packets that they sent themselves. */
const redirects = ({ mallory, victim, witness, friend, gateway }: Ground): readonly Shot[] =>
  [witness, victim, friend].flatMap((to) => {
    const quoted4 = packet({
      source: to.v4,
      destination: mallory.v4,
      protocol: 17,
      payload: udp({ source: to.v4, destination: mallory.v4, sport: 4_667, dport: 4_666 }, new Uint8Array(8)),
    });
    const body4 = concat(mallory.v4.split('.').map(Number), quoted4);
    return [
      ...[to.v4, asIp(gateway), asIp('198.18.255.11')].flatMap((destination) =>
        [0, 1].map((code) =>
          shot(`redirect to ${destination}, code ${code}`, (token) =>
            ipFrame(mallory, icmpPacket({ source: mallory.v4, destination }, { type: 5, code, body: concat(body4, token) })),
          ),
        ),
      ),
      ...[to.v6, mallory.gateway6, mallory.router].flatMap((destination) =>
        [mallory.v6, mallory.linkLocal, mallory.router].map((source) =>
          shot(`redirect from ${source} to ${destination}`, (token) =>
            ipFrame(
              mallory,
              icmpPacket({ source, destination }, { type: 137, body: concat(redirectBody(mallory.linkLocal, to.v6), token), hops: 255 }),
            ),
          ),
        ),
      ),
    ];
  });

tryAttacks([
  {
    title: 'S17: a packet that asks to be source-routed goes nowhere',
    act: async (ground) => {
      expect(await arrivals(ground, routed(ground), [ground.victim, ground.witness, ground.friend])).toEqual([]);
      expect(await arrivals(ground, throughWitness(ground), [ground.victim, ground.friend])).toEqual([]);
    },
  },
  {
    title: 'S17: redirects, to the host and to neighbours, arrive nowhere and change no route',
    act: async (ground) => {
      const { victim, witness, friend, mallory, hosts } = ground;
      // An error message that quotes a packet belongs to its flow: there is one.
      const link = openLinkOf(witness.netns);
      link.send(ipFrame(witness, udpPacket({ ...endsOf(witness, mallory, 4), sport: 4_667, dport: 4_666 }, new Uint8Array(8))));
      link.close();
      const addresses = [victim, witness, friend].flatMap(({ v4, v6 }) => [v4, v6]);
      const before = await routesTo(hosts, addresses);
      expect(await arrivals(ground, redirects(ground), [victim, witness, friend])).toEqual([]);
      expect(await routesTo(hosts, addresses)).toEqual(before);
    },
  },
]);
