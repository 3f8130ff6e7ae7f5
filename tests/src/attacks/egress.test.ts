import { asIp, asMac, type Ip } from '@manx/ip';
import { clientFor, ethernet, etherTypes, ip, layoutOf, openLinkOf, outsideNamespace, tcp, udp, waitUntil } from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { endsOf, icmpPacket, ipFrame, type Shot, shot, udpShot } from './forge.js';
import { echo, type Ground, passes, reaches } from './ground.js';
import { makeGroup, projects } from './range.js';
import { carries, readPacket } from './read-packet.js';

/** Ports that some firewalls hold open for everybody, whatever a group says: DNS, DHCP, NTP, metadata. */
const dubious = [53, 67, 68, 80, 123, 546, 547, 853, 5_353, 7_000];

/** Puts the attacker into a group that lets nothing out (and everything in), for the time of an act. */
const muted = async (ground: Ground, act: () => Promise<void>): Promise<void> => {
  const { mallory, witness, groups } = ground;
  const client = clientFor(projects.mallory);
  const group = await makeGroup('mute', projects.mallory, [{ ethertype: 'IPv4' }, { ethertype: 'IPv6' }]);
  const rules = await client.list('security-group-rules', { security_group_id: group, direction: 'egress' });
  for (const { id } of rules) await client.remove('security-group-rules', id);
  const hold = async (list: readonly string[]) =>
    await client.update('ports', 'port', { id: mallory.port_id, body: { security_groups: list } });
  const isOut = async () => await passes(mallory, witness, udpShot('anything', mallory, endsOf(mallory, witness, 4)), 50);
  await hold([group]);
  try {
    await waitUntil('the attacker to be mute', async () => !(await isOut()));
    await act();
  } finally {
    await hold([groups.open]);
    await waitUntil('the attacker to be free again', isOut);
    await client.remove('security-groups', group);
  }
};

const shotsAt = ({ mallory }: Ground, destination: Ip): readonly Shot[] => {
  const source = destination.includes(':') ? mallory.v6 : mallory.v4;
  const [everybody, client4, server4] = [asMac('ff:ff:ff:ff:ff:ff'), 68, 67];
  return [
    ...dubious.flatMap((port) => [
      shot(`udp/${port} to ${destination}`, (token) =>
        ipFrame(mallory, { source, destination, protocol: 17, payload: udp({ source, destination, sport: 4_666, dport: port }, token) }),
      ),
      shot(`udp from ${port} to ${destination}`, (token) =>
        ipFrame(mallory, { source, destination, protocol: 17, payload: udp({ source, destination, sport: port, dport: 4_667 }, token) }),
      ),
      shot(`tcp/${port} to ${destination}`, (token) =>
        ipFrame(mallory, { source, destination, protocol: 6, payload: tcp({ source, destination, sport: 4_666, dport: port }, 2, token) }),
      ),
    ]),
    shot(`a DHCP request to ${destination}`, (token) =>
      ethernet(everybody, asMac(mallory.mac), {
        type: destination.includes(':') ? etherTypes.ip6 : etherTypes.ip,
        payload: ip({ source, destination, protocol: 17, payload: udp({ source, destination, sport: client4, dport: server4 }, token) }),
      }),
    ),
    ...[1, 3, 4, 11, 12, 128, 129, 133, 135, 136, 143].map((type) =>
      shot(`ICMP ${type} to ${destination}`, (token) => ipFrame(mallory, icmpPacket({ source, destination }, { type, body: token }))),
    ),
  ];
};

tryAttacks([
  {
    title:
      'S16: a group without egress rules lets nothing out: no hole for DNS, DHCP, NTP or ICMP, to instances, the outside or the fabric',
    act: async (ground) => {
      const { mallory, witness, victim, hosts } = ground;
      const { outside, tors } = layoutOf(hosts);
      await muted(ground, async () => {
        const beyond = tors.map(({ namespace }) => openLinkOf(namespace, `to-${mallory.host}`));
        const far = outside.peers.map(({ name }) => openLinkOf(outsideNamespace, name));
        const links = [openLinkOf(witness.netns), openLinkOf(victim.netns), ...beyond, ...far];
        const sender = openLinkOf(mallory.netns);
        try {
          const targets = [witness.v4, witness.v6, asIp('203.0.113.10'), asIp('2001:db8:ffff::10'), asIp('198.18.255.1')];
          const shots = targets.flatMap((destination) => shotsAt(ground, destination));
          for (const { frame } of shots) sender.send(frame);
          // Its answers to others still go out, by the same way.
          expect(await reaches(witness, mallory)).toBe(true);
          const came = shots.filter(({ token }) => links.some((link) => link.heard().some((frame) => carries(frame, token))));
          expect(came.map(({ what }) => what)).toEqual([]);
        } finally {
          for (const link of [...links, sender]) link.close();
        }
      });
    },
  },
  {
    title: 'S18: a group without egress rules has DHCP and its gateway’s ping all the same, and no DNS of its host',
    act: async (ground) => {
      const { mallory, gateway } = ground;
      await muted(ground, async () => {
        const host = { ...mallory, v4: asIp(gateway), v6: mallory.gateway6 };
        expect(await echo(mallory, host)).toBe(true);
        const link = openLinkOf(mallory.netns);
        try {
          const ends = { source: mallory.v4, destination: asIp(gateway), sport: 4_666, dport: 53 };
          link.send(ipFrame(mallory, { ...ends, protocol: 17, payload: udp(ends, new Uint8Array(12)) }));
          expect(await echo(mallory, host)).toBe(true);
          expect(link.heard().some((frame) => readPacket(frame).protocol === 17 && readPacket(frame).payload[1] === 53)).toBe(false);
        } finally {
          link.close();
        }
      });
    },
  },
]);
