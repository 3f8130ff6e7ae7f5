import { randomBytes } from 'node:crypto';
import { asIp } from '@manx/ip';
import { clientFor, concat, type Guest, type Link, openLinkOf, tcp, udp, waitUntil } from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { endsOf, ipFrame } from './forge.js';
import { arrivals, type Ground, settle } from './ground.js';
import { readPacket } from './read-packet.js';

const server = asIp('169.254.169.254');
const domain = 'openstacklocal';
const operator = clientFor('operator');

/** What agent.yaml says where it says nothing: packets of a port in the long run, and at once. */
const [perSecond, burst] = [200, 400];

const types = { a: 1, ns: 2, ptr: 12, txt: 16, naptr: 35, ixfr: 251, axfr: 252, any: 255 } as const;

const labels = (name: string): Uint8Array => concat(...name.split('.').map((label) => concat([label.length], Buffer.from(label))), [0]);

/** A question (RFC 1035, section 4.1) under an id; the name as text or in the bytes that it is to have. It desires no recursion: nobody else is asked for it. */
const question = (id: number, name: string | Uint8Array, type: number = types.a): Uint8Array =>
  concat([id >> 8, id & 255, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], typeof name === 'string' ? labels(name) : name, [type >> 8, type & 255, 0, 1]);

const asked = (guest: Guest, data: Uint8Array, { source = guest.v4, sport = 40_053 } = {}): Uint8Array => {
  const ends = { source, destination: server, sport, dport: 53 };
  return ipFrame(guest, { source, destination: server, protocol: 17, payload: udp(ends, data) });
};

/** The DNS message of a frame from the host; null for any other frame. */
const answerIn = (frame: Uint8Array): Uint8Array | null => {
  const { protocol, source, payload } = readPacket(frame);
  return protocol === 17 && source === server && payload[1] === 53 ? payload.slice(8) : null;
};

/** What an answer says: its code, and how many records it has. */
const saidIn = (message: Uint8Array): { readonly id: number; readonly code: number; readonly answers: number } => ({
  id: ((message[0] ?? 0) << 8) | (message[1] ?? 0),
  code: (message[3] ?? 0) & 15,
  answers: ((message[6] ?? 0) << 8) | (message[7] ?? 0),
});

/** Asks until there is an answer under the id, as resolvers do; null when there is none for so long. */
const ask = async (guest: Guest, name: string, type?: number): Promise<ReturnType<typeof saidIn> | null> => {
  const link = openLinkOf(guest.netns);
  try {
    const id = 0x4d78;
    const isIt = (frame: Uint8Array): boolean => {
      const message = answerIn(frame);
      return message !== null && saidIn(message).id === id;
    };
    for (let tries = 0; tries < 25; tries += 1) {
      link.send(asked(guest, question(id, name, type), { sport: 40_100 + tries }));
      if (!(await link.hears(isIt, 200))) continue;
      const found = link
        .heard()
        .map(answerIn)
        .find((message) => message !== null && saidIn(message).id === id);
      return found === undefined || found === null ? null : saidIn(found);
    }
    return null;
  } finally {
    link.close();
  }
};

/** Names the victim and the attacker for the time of an act. */
const named = async ({ mallory, victim }: Ground, act: () => Promise<void>): Promise<void> => {
  const call = async (guest: Guest, dns_name: string): Promise<unknown> =>
    await operator.update('ports', 'port', { id: guest.port_id, body: { dns_name } });
  await Promise.all([call(mallory, 'mallory'), call(victim, 'victim')]);
  try {
    await waitUntil('the names to be known', async () => {
      const own = await Promise.all([ask(mallory, `mallory.${domain}`), ask(victim, `victim.${domain}`)]);
      return own.every((said) => said?.code === 0 && said.answers === 1);
    });
    await act();
  } finally {
    await Promise.all([call(mallory, ''), call(victim, '')]);
  }
};

/** Messages that are no question: cut short, with labels that are too long, point at each other or never end, and noise. */
const garbage = (): readonly Uint8Array[] => [
  new Uint8Array(0),
  Uint8Array.of(1),
  new Uint8Array(11).fill(0xff),
  new Uint8Array(12),
  question(1, Uint8Array.of(0xc0, 0x0c)),
  question(2, Uint8Array.of(0xc0, 0x0e, 0xc0, 0x0c)),
  question(3, concat([63], new Uint8Array(63).fill(97), [0xc0, 0x0c])),
  question(4, concat(...Array.from({ length: 20 }, () => concat([63], new Uint8Array(63).fill(98))), [0])),
  question(5, concat(...Array.from({ length: 700 }, () => Uint8Array.of(1, 99)))),
  question(6, concat([64], new Uint8Array(64).fill(100), [0])),
  concat([0, 7, 0x80, 0, 0, 1, 0, 1, 0, 0, 0, 0], labels(`victim.${domain}`), [0, 1, 0, 1]),
  concat([0, 8, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], labels('a'), [0, 1, 0, 1]),
  ...[1, 2, 4, 5].map((opcode) => concat([0, 9, opcode << 3, 0, 0, 1, 0, 0, 0, 0, 0, 0], labels('a'), [0, 6, 0, 1])),
  concat(question(10, 'a').slice(0, 11), [1], labels('a'), [0, 1, 0, 1], [0, 0, 41, 16, 0, 0, 0, 0, 0, 0xff, 0xff]),
  ...Array.from({ length: 40 }, (_, n) => new Uint8Array(randomBytes(n * 35))),
];

tryAttacks([
  {
    title: 'S28: names of another project on the same network are told to nobody, by name, address, type ANY, NAPTR or zone transfer',
    act: async (ground) =>
      await named(ground, async () => {
        const { mallory, victim } = ground;
        const reverse = `${victim.v4.split('.').toReversed().join('.')}.in-addr.arpa`;
        const asks = [`victim.${domain}`, domain, reverse].flatMap((name) => Object.values(types).map((type) => ({ name, type })));
        for (const { name, type } of asks) {
          const said = await ask(mallory, name, type);
          expect(said, `${name} ${type}`).not.toBeNull();
          expect(said?.answers, `${name} ${type}`).toBe(0);
        }
        await settle(ground);
      }),
  },
  {
    title:
      'S28: questions that are none, over UDP and TCP, keep nobody from being answered, their sender included; no answer is longer than the question by much',
    act: async (ground) =>
      await named(ground, async () => {
        const { mallory, victim } = ground;
        const link = openLinkOf(mallory.netns);
        try {
          const questions = garbage();
          for (const [n, data] of questions.entries()) link.send(asked(mallory, data, { sport: 41_000 + n }));
          // Connections that are begun and never go on, and segments of none.
          for (let n = 0; n < 300; n += 1) {
            const ends = { ...endsOf(mallory, mallory, 4), destination: server, sport: 42_000 + n, dport: 53 };
            for (const flags of [2, 16])
              link.send(ipFrame(mallory, { ...ends, protocol: 6, payload: tcp(ends, flags, questions[n % questions.length]) }));
          }
          for (const [guest, name] of [
            [victim, 'victim'],
            [mallory, 'mallory'],
          ] as const)
            expect((await ask(guest, `${name}.${domain}`))?.answers).toBe(1);
          const longest = Math.max(...questions.map(({ length }) => length));
          for (const message of answersOn(link)) expect(message.length).toBeLessThanOrEqual(longest + 64);
          await settle(ground);
        } finally {
          link.close();
        }
      }),
  },
  {
    title: 'S28: an instance asks without end; its neighbour is answered, and it gets no more answers than it may have',
    act: async (ground) =>
      await named(ground, async () => {
        const { mallory, victim } = ground;
        const link = openLinkOf(mallory.netns);
        const began = performance.now();
        try {
          for (let n = 0; n < 6_000; n += 1)
            link.send(asked(mallory, question(n & 0x3fff, `mallory.${domain}`), { sport: 20_000 + (n % 4_000) }));
          expect((await ask(victim, `victim.${domain}`))?.answers).toBe(1);
          await settle(ground);
          const most = burst + ((performance.now() - began) / 1000) * perSecond;
          const answers = answersOn(link).length;
          expect(answers).toBeGreaterThan(0);
          expect(answers).toBeLessThanOrEqual(most);
        } finally {
          link.close();
        }
      }),
  },
  {
    title: 'S17, S28: a question in the name of another brings that one no answer',
    act: async (ground) => {
      const { mallory, victim, witness } = ground;
      const links = [victim, witness].map(({ netns }) => openLinkOf(netns));
      const shots = [victim, witness].flatMap((to) =>
        [{}, { from: to.mac }].map((macs) => {
          const ends = { source: to.v4, destination: server, sport: 40_053, dport: 53 };
          const data = question(0x4d61, `host-${mallory.v4.replaceAll('.', '-')}.${domain}`, types.any);
          return {
            what: `a question of ${to.name}'s`,
            token: data,
            frame: ipFrame(mallory, { ...ends, protocol: 17, payload: udp(ends, data) }, macs),
          };
        }),
      );
      try {
        expect(await arrivals(ground, shots)).toEqual([]);
        expect(links.flatMap((link) => answersOn(link))).toEqual([]);
      } finally {
        for (const link of links) link.close();
      }
    },
  },
]);

/** The answers that have come so far. */
function answersOn(link: Link): readonly Uint8Array[] {
  return link.heard().flatMap((frame) => answerIn(frame) ?? []);
}
