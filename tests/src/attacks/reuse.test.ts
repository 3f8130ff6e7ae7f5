import { asMac, linkLocalFor } from '@manx/ip';
import { beliefAbout, clientFor, openLinkOf, waitUntil } from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { endsOf, ipFrame, newToken, udpPacket, udpShot } from './forge.js';
import { type Ground, passes, patienceMs, settle } from './ground.js';
import { guestForAWhile } from './guest-for-a-while.js';
import { makeGroup, projects } from './range.js';
import { carries } from './read-packet.js';
import { openStreams, udpStream } from './streams.js';

const client = clientFor('operator');
const ports = { before: 21_000, after: 21_100, asked: 21_200, between: 21_300 };

/**
 * An instance of one project ends in the middle of its flows, and another project's gets its address: nothing that the first one was allowed,
 * or that was on its way to it, is the second one's. `heirHost` is where the heir runs.
 */
const inherit = async (ground: Ground, heirHost: string): Promise<string[]> => {
  const { victim, friend, mallory, groups } = ground;
  const heirs = await makeGroup('heirs', projects.fresh, []);
  const first = await guestForAWhile(ground, {
    name: 'first',
    project: projects.alice,
    host: victim.host,
    groups: [groups.friends, groups.guarded],
  });
  const { v4, v6 } = first.guest;
  // It was let in by the victim as a friend, and let friends in.
  const own = await openStreams(first.guest, victim, { port: ports.before });
  const streams = await openStreams(friend, first.guest, { port: ports.after });
  let heir: Awaited<ReturnType<typeof guestForAWhile>> | undefined;
  try {
    await first.end();
    heir = await guestForAWhile(ground, { name: 'heir', project: projects.fresh, host: heirHost, groups: [heirs], address: v4 });
    const { guest } = heir;
    const [link, there] = [openLinkOf(guest.netns), openLinkOf(victim.netns)];
    try {
      const [out, into] = [newToken(), newToken()];
      // The same ports and more: as parts of the old flows, and as new ones.
      for (const port of [ports.before, ports.after, 4_667]) {
        link.send(ipFrame(guest, udpPacket({ source: v4, destination: victim.v4, sport: port, dport: port }, out)));
        for (const from of [friend, mallory]) {
          const sender = openLinkOf(from.netns);
          sender.send(ipFrame(from, udpPacket({ source: from.v4, destination: v4, sport: port, dport: port }, into)));
          sender.close();
        }
      }
      // What its friend still says in the old flows.
      const living = (await Promise.all(streams.map(async (stream) => ((await stream.lives(300)) ? [stream.what] : [])))).flat();
      await settle(ground);
      const beliefs = await Promise.all([beliefAbout(heirHost, v4), beliefAbout(victim.host, v4)]);
      const [atHeir] = beliefs;
      return [
        ...living.map((what) => `it lives on: ${what}`),
        ...(there.heard().some((frame) => carries(frame, out)) ? ['the heir reached the victim, as its predecessor could'] : []),
        ...(link.heard().some((frame) => carries(frame, into)) ? ['the heir was reached by a friend of its predecessor'] : []),
        ...(atHeir.includes(guest.mac) ? [] : [`${heirHost} believes: ${atHeir}`]),
        ...beliefs.filter((belief) => belief.includes(first.guest.mac)).map((belief) => `the old MAC is still believed in: ${belief}`),
        ...(v6 === guest.v6 ? ['the test itself: one IPv6 address for both'] : []),
      ];
    } finally {
      link.close();
      there.close();
    }
  } finally {
    for (const { close } of [...own, ...streams]) close();
    await first.end();
    await heir?.end();
    await client.remove('security-groups', heirs);
  }
};

/**
 * An instance asks one of another project on another host, as its rules let it ask anyone. That one ends, and a third project's gets its address: it
 * answers what it was not asked, but its predecessor, or nobody, a moment ago.
 */
const answerForAnother = async (ground: Ground): Promise<string[]> => {
  const { victim, hosts } = ground;
  const asked = await makeGroup('asked', projects.mallory, [{ ethertype: 'IPv4' }]);
  const heirs = await makeGroup('heirs', projects.fresh, [{ ethertype: 'IPv4' }]);
  const others = hosts.filter((host) => host !== victim.host);
  const first = await guestForAWhile(ground, { name: 'asked', project: projects.mallory, host: others[0] ?? '', groups: [asked] });
  const { v4 } = first.guest;
  const ends = { from: victim, to: first.guest, family: 4, port: ports.asked } as const;
  const stream = await udpStream(ends);
  const question = (port: number, token: Uint8Array) =>
    ipFrame(victim, udpPacket({ source: victim.v4, destination: v4, sport: port, dport: port }, token));
  const there = openLinkOf(victim.netns);
  let heir: Awaited<ReturnType<typeof guestForAWhile>> | undefined;
  try {
    await first.end();
    // It goes on asking, of another port, though nobody is there.
    there.send(question(ports.between, newToken()));
    heir = await guestForAWhile(ground, { name: 'heir', project: projects.fresh, host: others.at(-1) ?? '', groups: [heirs], address: v4 });
    const { guest } = heir;
    const answer = (port: number, token: Uint8Array) =>
      ipFrame(guest, udpPacket({ source: v4, destination: victim.v4, sport: port, dport: port }, token));
    const link = openLinkOf(guest.netns);
    try {
      const unasked = newToken();
      // Its own host lets no answer to a ping out, nor a part of a TCP connection, that it has not seen begin.
      for (const port of [ports.asked, ports.between]) link.send(answer(port, unasked));
      await settle(ground);
      const isTaken = there.heard().some((frame) => carries(frame, unasked));
      // What the victim asks anew is the heir's to answer.
      const [asking, answering] = [newToken(), newToken()];
      there.send(question(ports.asked, asking));
      const isAsked = await link.hears((frame) => carries(frame, asking), patienceMs);
      link.send(answer(ports.asked, answering));
      const isAnswered = await there.hears((frame) => carries(frame, answering), patienceMs);
      return [
        ...(isTaken ? ['it took a datagram from the heir, whom it had asked nothing'] : []),
        ...(isAsked && isAnswered ? [] : ['the test itself: it cannot ask the heir either']),
      ];
    } finally {
      link.close();
    }
  } finally {
    there.close();
    stream.close();
    await first.end();
    await heir?.end();
    for (const group of [asked, heirs]) await client.remove('security-groups', group);
  }
};

tryAttacks([
  {
    title: 'S16: who gets an address of another host does not answer for its predecessor, whom a rule for everyone let be asked',
    act: async (ground) => {
      expect(await answerForAnother(ground)).toEqual([]);
    },
  },
  {
    title: 'S16: an address that another project’s instance gets on the same host inherits no flow, neighbour or set entry',
    act: async (ground) => {
      expect(await inherit(ground, ground.victim.host)).toEqual([]);
    },
  },
  {
    title: 'S16: nor one that it gets on another host',
    act: async (ground) => {
      const other = ground.hosts.find((host) => host !== ground.victim.host) ?? '';
      expect(await inherit(ground, other)).toEqual([]);
    },
  },
  {
    title: 'S16: a new MAC of a port is its only one: what the old one says is dropped',
    act: async (ground) => {
      const { witness, hosts, mallory } = ground;
      const group = await makeGroup('plain', projects.mallory, []);
      const { guest, end } = await guestForAWhile(ground, {
        name: 'changed',
        project: projects.mallory,
        host: witness.host,
        groups: [group],
      });
      try {
        expect(hosts).toContain(mallory.host);
        const mac = asMac('fa:16:3e:12:34:56');
        await client.update('ports', 'port', { id: guest.port_id, body: { 'binding:host_id': '' } });
        await client.update('ports', 'port', { id: guest.port_id, body: { mac_address: mac } });
        await client.update('ports', 'port', { id: guest.port_id, body: { 'binding:host_id': guest.host } });
        const anew = { ...guest, mac, linkLocal: linkLocalFor(mac), hostMac: `fe${mac.slice(2)}` };
        await waitUntil(
          'the new MAC to be let through',
          async () => await passes(anew, witness, udpShot('new MAC', anew, endsOf(anew, witness, 4)), 50),
        );
        expect(await passes(anew, witness, udpShot('old MAC', anew, { ...endsOf(anew, witness, 4), macs: { from: guest.mac } }), 300)).toBe(
          false,
        );
      } finally {
        await end();
        await client.remove('security-groups', group);
      }
    },
  },
]);
