import type { Ip } from '@manx/ip';
import { concat, extensionHeaders, fragmentHeader, type IpPacket, icmp, NeutronError, paddedHeader, tcp, udp } from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { endsOf, ipFrame, newToken, type Shot, shot, udpShot } from './forge.js';
import { arrivals, type Ground } from './ground.js';
import { withRules } from './with-rules.js';

const ethertypes = ['IPv4', 'IPv6'] as const;
const families = [4, 6] as const;

const portRule = (ethertype: string, protocol: string | number | null, ports: readonly [number, number]): object => ({
  ethertype,
  protocol,
  port_range_min: ports[0],
  port_range_max: ports[1],
});

/** UDP, TCP and a protocol without ports from the attacker, to a port of the victim. */
const probes = ({ mallory, victim }: Ground, dport: number): readonly Shot[] =>
  families.flatMap((family) => {
    const ends = endsOf(mallory, victim, family);
    return [
      udpShot(`udp/${dport}, IPv${family}`, mallory, { ...ends, dport }),
      shot(`tcp/${dport}, IPv${family}`, (token) =>
        // What follows a SYN is data that a receiver may keep.
        ipFrame(mallory, { ...ends, protocol: 6, payload: tcp({ ...ends, sport: 4_666, dport }, 2, token) }),
      ),
      ...[47, 50, 112, 253].map((protocol) =>
        shot(`protocol ${protocol}, IPv${family}`, (token) =>
          ipFrame(mallory, { ...ends, protocol, payload: concat([4, 6, dport >> 8, dport & 255], token) }),
        ),
      ),
    ];
  });

const inFragments = (
  { mallory }: Ground,
  ends: { readonly source: Ip; readonly destination: Ip },
  parts: {
    readonly id: number;
    readonly protocol: number;
    readonly pieces: readonly (readonly [offset: number, hasMore: boolean, bytes: Uint8Array])[];
  },
): readonly Uint8Array[] =>
  parts.pieces.map(([offset, hasMore, bytes]) => {
    const { id, protocol } = parts;
    const packet: IpPacket = ends.source.includes(':')
      ? { ...ends, protocol: extensionHeaders.fragment, payload: concat(fragmentHeader(protocol, { id, offset, hasMore }), bytes) }
      : { ...ends, protocol, fragment: { id, offset, hasMore }, payload: bytes };
    return ipFrame(mallory, packet);
  });

/**
 * Datagrams to a closed port in pieces: in order, the end first, the end alone, the head in the smallest piece, and pieces that overlap. The head
 * to the closed port has a token and, but where it may belong to an open port as well, so has the end.
 */
const fragments = (ground: Ground, open: number, closed: number): readonly Shot[] =>
  families.flatMap((family) => {
    const ends = endsOf(ground.mallory, ground.victim, family);
    return ways.flatMap(({ what, pieces, isMixed }, way) => {
      const [head, tail] = [newToken(), newToken()];
      const datagram = (dport: number, token: Uint8Array) => udp({ ...ends, sport: 4_666, dport }, concat(token, new Uint8Array(60), tail));
      const frames = inFragments(ground, ends, {
        id: 7_000 + way,
        protocol: 17,
        pieces: pieces(datagram(open, newToken()), datagram(closed, head)),
      });
      return frames.map((frame, at) => ({
        what: `${what}, IPv${family}`,
        frame,
        token: at === frames.length - 1 && isMixed !== true ? tail : head,
      }));
    });
  });

type Pieces = (open: Uint8Array, closed: Uint8Array) => readonly (readonly [number, boolean, Uint8Array])[];

const ways: readonly { readonly what: string; readonly pieces: Pieces; readonly isMixed?: true }[] = [
  {
    what: 'in order',
    pieces: (_, closed) => [
      [0, true, closed.slice(0, 40)],
      [40, false, closed.slice(40)],
    ],
  },
  {
    what: 'the end first',
    pieces: (_, closed) => [
      [40, false, closed.slice(40)],
      [0, true, closed.slice(0, 40)],
    ],
  },
  { what: 'the end alone', pieces: (_, closed) => [[40, false, closed.slice(40)]] },
  {
    what: 'the head in the smallest piece',
    pieces: (_, closed) => [
      [0, true, closed.slice(0, 8)],
      [8, false, closed.slice(8)],
    ],
  },
  {
    what: 'the head of an open port overlapped by that of a closed one',
    isMixed: true,
    pieces: (open, closed) => [
      [0, true, open.slice(0, 40)],
      [0, true, closed.slice(0, 40)],
      [40, false, closed.slice(40)],
    ],
  },
  {
    what: 'the head of an open port, then one more head',
    isMixed: true,
    pieces: (open, closed) => [
      [40, false, closed.slice(40)],
      [0, true, open.slice(0, 48)],
      [0, true, closed.slice(0, 40)],
    ],
  },
];

/** What the attacker sends to the closed ports of a victim behind headers that hide the protocol. */
const hidden = ({ mallory, victim }: Ground, dport: number): readonly Shot[] => {
  const ends = endsOf(mallory, victim, 6);
  const { hopByHop, destination, fragment } = extensionHeaders;
  const atomic = { id: 9, offset: 0, hasMore: false };
  const headers: readonly (readonly [string, number, (token: Uint8Array) => Uint8Array])[] = [
    ['hop-by-hop', hopByHop, (inner) => concat(paddedHeader(17), inner)],
    ['destination options', destination, (inner) => concat(paddedHeader(17), inner)],
    ['two of them', destination, (inner) => concat(paddedHeader(destination), paddedHeader(17), inner)],
    ['an atomic fragment', fragment, (inner) => concat(fragmentHeader(17, atomic), inner)],
    ['no next header', 59, (inner) => inner],
  ];
  return headers.map(([what, protocol, wrap]) =>
    shot(`udp/${dport} behind ${what}`, (token) =>
      ipFrame(mallory, { ...ends, protocol, payload: wrap(udp({ ...ends, sport: 4_666, dport }, token)) }),
    ),
  );
};

tryAttacks([
  {
    title: 'S16: a port range on a protocol without ports is refused, and opens nothing',
    act: async (ground) => {
      await withRules(ground, [], async ({ add, inForce }) => {
        for (const protocol of ['gre', 'esp', 'vrrp', '253', null])
          for (const ethertype of ethertypes)
            await expect(add(portRule(ethertype, protocol, [22, 22]))).rejects.toSatisfy(
              (error) => error instanceof NeutronError && error.status === 400,
            );
        await inForce();
        expect(await arrivals(ground, probes(ground, 22), [ground.victim])).toEqual([]);
      });
    },
  },
  {
    title: 'S16: overlapping port ranges open what they name together, and not a port more',
    act: async (ground) => {
      const ranges = [
        [7_000, 7_100],
        [7_050, 7_200],
        [7_100, 7_100],
        [7_201, 7_201],
        [7_000, 7_200],
        [7_300, 7_310],
      ] as const;
      const rules = ethertypes.flatMap((ethertype) => ranges.map((ports) => portRule(ethertype, 'udp', ports)));
      await withRules(ground, rules, async () => {
        const { mallory, victim } = ground;
        const at = (dport: number, family: 4 | 6) =>
          udpShot(`udp/${dport}, IPv${family}`, mallory, { ...endsOf(mallory, victim, family), dport });
        const open = [7_000, 7_049, 7_050, 7_100, 7_101, 7_200, 7_201, 7_300, 7_310].flatMap((port) =>
          families.map((family) => at(port, family)),
        );
        const shut = [6_999, 7_202, 7_299, 7_311].flatMap((port) => families.map((family) => at(port, family)));
        const arrived = await arrivals(ground, [...open, ...shut], [victim]);
        expect(arrived).toEqual(open.map(({ what }) => `${what} at ${victim.name}`));
        expect(
          await arrivals(
            ground,
            probes(ground, 7_100).filter(({ what }) => !what.startsWith('udp')),
            [victim],
          ),
        ).toEqual([]);
      });
    },
  },
  {
    title: 'S16: a rule of protocol 0 is for who it names alone',
    act: async (ground) => {
      const { friend } = ground;
      const rules = [
        { ethertype: 'IPv4', protocol: '0', remote_ip_prefix: `${friend.v4}/32` },
        { ethertype: 'IPv6', protocol: '0', remote_ip_prefix: `${friend.v6}/128` },
      ];
      await withRules(ground, rules, async () => {
        expect(await arrivals(ground, probes(ground, 22), [ground.victim])).toEqual([]);
      });
    },
  },
  {
    title: 'S16: a packet of protocol 0, or of another that no rule names, does not pass a rule for UDP',
    act: async (ground) => {
      const { mallory, victim } = ground;
      await withRules(
        ground,
        ethertypes.map((ethertype) => portRule(ethertype, 'udp', [7_001, 7_001])),
        async () => {
          const shots = families.flatMap((family) =>
            // 0 is hop-by-hop options in IPv6: what follows them counts, see below.
            [...(family === 4 ? [0] : []), 1, 6, 47, 58, 132, 255].map((protocol) =>
              shot(`protocol ${protocol}, IPv${family}`, (token) => {
                const ends = endsOf(mallory, victim, family);
                const body = concat([0x12, 0x34, 0x1b, 0x59, 0, 40, 0, 0], token, new Uint8Array(30));
                return ipFrame(mallory, { ...ends, protocol, payload: protocol === 1 ? icmp({ type: 13, code: 0, body }) : body });
              }),
            ),
          );
          expect(await arrivals(ground, [...shots, ...hidden(ground, 7_002)], [victim])).toEqual([]);
        },
      );
    },
  },
  {
    title: 'S16: no piece of a datagram to a closed port passes, in whatever pieces it comes',
    act: async (ground) => {
      await withRules(
        ground,
        ethertypes.map((ethertype) => portRule(ethertype, 'udp', [7_001, 7_001])),
        async () => {
          expect(await arrivals(ground, fragments(ground, 7_001, 7_002), [ground.victim])).toEqual([]);
        },
      );
    },
  },
]);
