import { asIp, asMac } from '@manx/ip';
import {
  clientFor,
  type Guest,
  guestOf,
  makeTap,
  type NeutronResource,
  openLinkOf,
  removeTap,
  untilActive,
  waitUntil,
} from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { fire } from './fire.js';
import { endsOf, ipFrame, newToken, udpPacket, udpShot } from './forge.js';
import { echo, type Ground, passes, settle } from './ground.js';
import { guestForAWhile } from './guest-for-a-while.js';
import { makeGroup, projects } from './range.js';
import { carries } from './read-packet.js';

const client = clientFor('operator');
const netns = 'manx-vm-newborn';

/** How many ports are made under fire in one attack. */
const births = 3;

const portAsGuest = (port: NeutronResource, host: string): Guest =>
  guestOf({
    name: 'newborn',
    port_id: port.id,
    project_id: projects.alice,
    host,
    netns,
    tap: `tap${port.id.slice(0, 11)}`,
    mac: String(port['mac_address']),
    mtu: 1500,
    addresses: (port['fixed_ips'] as readonly { readonly ip_address: string }[]).map(({ ip_address }) => ip_address),
  });

/** Makes a port and its tap, the guest's MAC and link up at once, and removes both. */
const birth = async (
  { network }: Ground,
  host: string,
  group: string,
  alive: (guest: Guest, tap: () => Promise<void>) => Promise<void>,
): Promise<void> => {
  const port = await client.create('ports', 'port', {
    name: 'newborn',
    network_id: network,
    project_id: projects.alice,
    device_owner: 'compute:nova',
    device_id: 'newborn',
    'binding:host_id': host,
    security_groups: [group],
  });
  const guest = portAsGuest(port, host);
  try {
    await alive(guest, async () => await makeTap(guest));
  } finally {
    await client.remove('ports', port.id);
    await removeTap(guest);
  }
};

/** What arrived, of what was fired at a port and out of it while it came to be, in words. */
const underFire = async (ground: Ground, group: string): Promise<string[]> => {
  const { mallory, witness, victim, friend } = ground;
  const wrong: string[] = [];
  for (let nth = 0; nth < births; nth += 1) {
    await birth(ground, witness.host, group, async (guest, plug) => {
      const [into, out] = [newToken(), newToken()];
      const at = [mallory, friend].map((from) =>
        fire(
          from.netns,
          [4, 6].map((family) => ipFrame(from, udpPacket(endsOf(from, guest, family === 4 ? 4 : 6), into))),
        ),
      );
      const there = [witness, victim].map(({ netns: where }) => openLinkOf(where));
      try {
        await plug();
        const link = openLinkOf(netns);
        const lies = [
          { source: friend.v4, destination: victim.v4 },
          { source: friend.v6, destination: victim.v6 },
          { source: asIp('10.0.9.66'), destination: witness.v4 },
        ].map((ends) => ipFrame(guest, udpPacket(ends, out)));
        const wrongMac = ipFrame(guest, udpPacket(endsOf(guest, witness, 4), out), { from: asMac('fa:16:3e:66:66:66') });
        const from = fire(netns, [...lies, wrongMac]);
        await untilActive(client, guest);
        // On for as long again as it took to come to be, and longer.
        await settle(ground);
        await settle(ground);
        const sent = from.stop();
        if (sent === 0) wrong.push('nothing was fired');
        if (link.heard().some((frame) => carries(frame, into))) wrong.push(`birth ${nth}: what nobody allowed got in`);
        if (there.some((one) => one.heard().some((frame) => carries(frame, out)))) wrong.push(`birth ${nth}: what was forged got out`);
        link.close();
      } finally {
        for (const one of at) if (one.stop() === 0) wrong.push('nothing was fired at it');
        for (const one of there) one.close();
      }
    });
  }
  return wrong;
};

tryAttacks([
  {
    title: 'S20: while a port comes to be under fire, nothing gets in that its group does not allow, and nothing forged gets out',
    act: async (ground) => {
      const group = await makeGroup('newborn', projects.alice, []);
      try {
        expect(await underFire(ground, group)).toEqual([]);
      } finally {
        await client.remove('security-groups', group);
      }
    },
  },
  {
    title: 'S16: a port without groups sends and receives nothing',
    act: async (ground) => {
      const { mallory, witness } = ground;
      const group = await makeGroup('some', projects.fresh, [{ ethertype: 'IPv4' }, { ethertype: 'IPv6' }]);
      const { guest, end } = await guestForAWhile(ground, { name: 'bare', project: projects.fresh, host: witness.host, groups: [group] });
      try {
        expect(await echo(mallory, guest)).toBe(true);
        await client.update('ports', 'port', { id: guest.port_id, body: { security_groups: [] } });
        const isShut = async () => !(await passes(guest, witness, udpShot('out', guest, endsOf(guest, witness, 4)), 50));
        await waitUntil('the port to be shut', isShut);
        for (const family of [4, 6] as const) {
          expect(await passes(guest, witness, udpShot('out', guest, endsOf(guest, witness, family)), 200)).toBe(false);
          expect(await passes(mallory, guest, udpShot('in', mallory, endsOf(mallory, guest, family)), 200)).toBe(false);
          expect(await echo(guest, witness, { family, waitMs: 200 })).toBe(false);
          expect(await echo(witness, guest, { family, waitMs: 200 })).toBe(false);
        }
      } finally {
        await end();
        await client.remove('security-groups', group);
      }
    },
  },
]);
