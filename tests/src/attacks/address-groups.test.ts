import { clientFor, waitUntil } from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { endsOf, type Shot, udpShot } from './forge.js';
import { arrivals, type Ground, passes } from './ground.js';
import { makeGroup, projects } from './range.js';
import { withRules } from './with-rules.js';

const client = clientFor(projects.alice);

/** Gives an address group to a test, and takes it away after. */
const withAddressGroup = async (addresses: readonly string[], act: (id: string) => Promise<void>): Promise<void> => {
  const { id } = await client.create('address-groups', 'address_group', { name: 'trial', project_id: projects.alice, addresses });
  try {
    await act(id);
  } finally {
    await client.remove('address-groups', id);
  }
};

const fromGroup = (id: string): object[] => ['IPv4', 'IPv6'].map((ethertype) => ({ ethertype, remote_address_group_id: id }));

/** From the attacker and from a stranger whom nobody ever named. */
const tries = ({ mallory, victim }: Ground): readonly Shot[] =>
  ([4, 6] as const).map((family) => udpShot(`IPv${family}`, mallory, endsOf(mallory, victim, family)));

const change = async (id: string, action: 'add_addresses' | 'remove_addresses', addresses: readonly string[]) =>
  await client.act('address-groups', id, { action, body: { address_group: { addresses } } });

tryAttacks([
  {
    title: 'S16: a rule whose address group is empty lets nobody in',
    act: async (ground) => {
      await withAddressGroup([], async (id) => {
        await withRules(ground, fromGroup(id), async () => {
          expect(await arrivals(ground, tries(ground), [ground.victim])).toEqual([]);
        });
      });
    },
  },
  {
    title: 'S16: a rule whose address group lost its last member lets nobody in, and one with members none but them',
    act: async (ground) => {
      const { mallory, witness, victim } = ground;
      const members = [`${witness.v4}/32`, `${witness.v6}/128`];
      await withAddressGroup(members, async (id) => {
        await withRules(ground, fromGroup(id), async ({ inForce }) => {
          const isIn = async () => await passes(witness, victim, udpShot('a member', witness, endsOf(witness, victim, 4)), 50);
          await waitUntil('the member of the address group to be let in', isIn);
          expect(await arrivals(ground, tries(ground), [victim])).toEqual([]);
          await change(id, 'remove_addresses', members);
          await waitUntil('the former member of the address group to be kept out', async () => !(await isIn()));
          await inForce();
          expect(await arrivals(ground, tries(ground), [victim])).toEqual([]);
          await change(id, 'add_addresses', [`${mallory.v4}/32`]);
          await waitUntil(
            'the new member to be let in',
            async () => await passes(mallory, victim, udpShot('new', mallory, endsOf(mallory, victim, 4)), 50),
          );
          // Of the one family only.
          expect(await arrivals(ground, tries(ground).slice(1), [victim])).toEqual([]);
        });
      });
    },
  },
  {
    title: 'S16: overlapping members of an address group let in who is in one of them, and nobody else',
    act: async (ground) => {
      const { witness, victim } = ground;
      const members = [`${witness.v4}/32`, '10.0.10.0/24', '10.0.10.0/25', '10.0.10.128/25', '10.0.10.7/32'];
      await withAddressGroup(members, async (id) => {
        await withRules(ground, fromGroup(id), async () => {
          const isIn = async () => await passes(witness, victim, udpShot('a member', witness, endsOf(witness, victim, 4)), 50);
          await waitUntil('the member to be let in', isIn);
          expect(await arrivals(ground, tries(ground), [victim])).toEqual([]);
        });
      });
    },
  },
  {
    title: 'S16: a rule whose remote group has no member lets nobody in',
    act: async (ground) => {
      const nobody = await makeGroup('nobody', projects.alice, []);
      try {
        const rules = ['IPv4', 'IPv6'].map((ethertype) => ({ ethertype, remote_group_id: nobody }));
        await withRules(ground, rules, async () => {
          expect(await arrivals(ground, tries(ground), [ground.victim])).toEqual([]);
        });
      } finally {
        await client.remove('security-groups', nobody);
      }
    },
  },
]);
