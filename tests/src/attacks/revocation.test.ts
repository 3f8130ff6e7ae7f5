import { asIp, type Ip } from '@manx/ip';
import { clientFor, type Guest, ping, waitUntil } from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { endsOf, udpShot } from './forge.js';
import { type Ground, passes } from './ground.js';
import { makeGroup, projects } from './range.js';
import { icmpStream, openStreams, type Stream, udpStream } from './streams.js';
import { withRules } from './with-rules.js';

/** How long a flow that nothing allows any more may live (S16: 1 s), with room for a machine that does other things. */
const limitMs = 5_000;

const client = clientFor('operator');
const both = (rule: object): object[] => ['IPv4', 'IPv6'].map((ethertype) => ({ ethertype, ...rule }));
const setPort = async ({ port_id }: Guest, body: object) => await client.update('ports', 'port', { id: port_id, body });

let nextPort = 20_000;

/** Ports that no flow has had: nothing of an earlier flow can be taken for this one's. */
const newPort = (): number => {
  nextPort += 1;
  return nextPort;
};

type Cut = {
  /** Whose flows are to end, and those whose are to go on. */
  readonly doomed: readonly Stream[];
  readonly spared: readonly Stream[];
  readonly act: () => Promise<unknown>;
};

/** Acts, and tells which flows did not do as they should: the doomed end soon and for good, the spared go on. */
const judge = async ({ doomed, spared, act }: Cut): Promise<string[]> => {
  try {
    await act();
    const alive = async (streams: readonly Stream[], ms: number) =>
      (await Promise.all(streams.map(async (stream) => ((await stream.lives(ms)) ? [stream.what] : [])))).flat();
    let left: readonly string[] = [];
    await waitUntil('the flows to be cut', async () => (left = await alive(doomed, 100)).length === 0, limitMs).catch(() => undefined);
    // Both ends go on trying: neither may bring a flow back.
    const back = left.length > 0 ? [] : await alive(doomed, 700);
    const living = await alive(spared, 3_000);
    return [
      ...left.map((what) => `not cut: ${what}`),
      ...back.map((what) => `came back: ${what}`),
      ...spared.filter(({ what }) => !living.includes(what)).map(({ what }) => `died with it: ${what}`),
    ];
  } finally {
    for (const { close } of [...doomed, ...spared]) close();
  }
};

/** Flows from the attacker, whom something lets in, and from a friend, whom the victim's own group does. */
const flows = async ({ mallory, friend, victim }: Ground): Promise<Pick<Cut, 'doomed' | 'spared'>> => ({
  doomed: await openStreams(mallory, victim, { port: newPort() }),
  spared: await openStreams(friend, victim, { port: newPort() }),
});

const onlyMallory = ({ mallory }: Ground): object[] => [
  { ethertype: 'IPv4', remote_ip_prefix: `${mallory.v4}/32` },
  { ethertype: 'IPv6', remote_ip_prefix: `${mallory.v6}/128` },
];

/** UDP and ICMP from an address pair, which no socket of the guest's is bound to. */
const pairStreams = async (mallory: Guest, witness: Guest, pair: Ip): Promise<readonly Stream[]> => {
  const ends = { from: { ...mallory, v4: pair }, to: witness, family: 4, port: newPort() } as const;
  const streams = await Promise.all([udpStream(ends), icmpStream(ends)]);
  for (const stream of streams) if (!(await stream.lives(10_000))) throw new Error(`this flow never began: ${stream.what}`);
  return streams;
};

/** Whether a ping of an address is answered. */
const answersAt = async (from: Guest, address: Ip): Promise<boolean> => (await ping(from.netns, address, 200)) !== null;

type Floating = { readonly address: Ip; readonly release: () => Promise<unknown> };

/** Gives the victim a floating IP from an external network for the time of an act. */
const withFloating = async ({ victim, subnet }: Ground, act: (floating: Floating) => Promise<void>): Promise<void> => {
  const made: (readonly [collection: string, id: string])[] = [];
  const make = async (collection: string, singular: string, body: object) => {
    const one = await client.create(collection, singular, body);
    made.unshift([collection, one.id]);
    return one;
  };
  const network = await make('networks', 'network', { name: 'external', 'router:external': true });
  await make('subnets', 'subnet', { network_id: network.id, ip_version: 4, cidr: '10.0.20.0/24', enable_dhcp: false });
  const router = await make('routers', 'router', { name: 'way-out', external_gateway_info: { network_id: network.id } });
  await client.act('routers', router.id, { action: 'add_router_interface', body: { subnet_id: subnet } });
  try {
    const floating = await make('floatingips', 'floatingip', {
      floating_network_id: network.id,
      port_id: victim.port_id,
      fixed_ip_address: victim.v4,
    });
    const release = async () => await client.update('floatingips', 'floatingip', { id: floating.id, body: { port_id: null } });
    await act({ address: asIp(String(floating['floating_ip_address'])), release });
  } finally {
    const floating = made.filter(([collection]) => collection === 'floatingips');
    for (const [collection, id] of floating) await client.remove(collection, id);
    await client.act('routers', router.id, { action: 'remove_router_interface', body: { subnet_id: subnet } });
    for (const [collection, id] of made.filter((one) => !floating.includes(one) && one[0] !== 'subnets'))
      await client.remove(collection, id);
  }
};

tryAttacks([
  {
    title: 'S16: a rule that goes cuts the flows it allowed, and no others (TCP, UDP, ICMP)',
    act: async (ground) => {
      await withRules(ground, [], async ({ add, inForce }) => {
        const rules = await add(...onlyMallory(ground));
        await inForce();
        const act = async () => await Promise.all(rules.map(async (id) => await client.remove('security-group-rules', id)));
        expect(await judge({ ...(await flows(ground)), act })).toEqual([]);
      });
    },
  },
  {
    title: 'S16: a group that is taken off a port cuts the flows that it allowed, and no others',
    act: async (ground) => {
      const { victim, groups } = ground;
      await withRules(ground, onlyMallory(ground), async () => {
        const act = async () => await setPort(victim, { security_groups: [groups.guarded] });
        expect(await judge({ ...(await flows(ground)), act })).toEqual([]);
      });
    },
  },
  {
    title: 'S16: a member that leaves a remote group loses its flows, and no others do',
    act: async (ground) => {
      const { mallory, groups } = ground;
      const club = await makeGroup('club', projects.mallory, []);
      try {
        await setPort(mallory, { security_groups: [groups.open, club] });
        await withRules(ground, both({ remote_group_id: club }), async () => {
          const act = async () => await setPort(mallory, { security_groups: [groups.open] });
          expect(await judge({ ...(await flows(ground)), act })).toEqual([]);
        });
      } finally {
        await setPort(mallory, { security_groups: [groups.open] });
        await client.remove('security-groups', club);
      }
    },
  },
  {
    title: 'S16: an address that leaves an address group loses its flows, and no others do',
    act: async (ground) => {
      const { mallory } = ground;
      const addresses = [`${mallory.v4}/32`, `${mallory.v6}/128`];
      const { id } = await client.create('address-groups', 'address_group', { name: 'club', project_id: projects.alice, addresses });
      try {
        await withRules(ground, both({ remote_address_group_id: id }), async () => {
          const act = async () => await client.act('address-groups', id, { action: 'remove_addresses', body: { addresses } });
          expect(await judge({ ...(await flows(ground)), act })).toEqual([]);
        });
      } finally {
        await client.remove('address-groups', id);
      }
    },
  },
  {
    title: 'S16: an egress rule that goes cuts what it let out',
    act: async (ground) => {
      const { mallory, witness, victim, friend, groups } = ground;
      const group = await makeGroup('outward', projects.mallory, both({}));
      const rules = await client.list('security-group-rules', { security_group_id: group, direction: 'egress' });
      try {
        await setPort(mallory, { security_groups: [group] });
        const doomed = await openStreams(mallory, witness, { port: newPort() });
        // What others began with it is no business of its egress rules.
        const spared = [
          ...(await openStreams(witness, mallory, { port: newPort() })),
          ...(await openStreams(friend, victim, { port: newPort() })),
        ];
        const act = async () => await Promise.all(rules.map(async (rule) => await client.remove('security-group-rules', rule.id)));
        expect(await judge({ doomed, spared, act })).toEqual([]);
      } finally {
        await setPort(mallory, { security_groups: [groups.open] });
        await client.remove('security-groups', group);
      }
    },
  },
  {
    title: 'S16, S17: an address pair that is taken away cuts the flows of its address',
    act: async (ground) => {
      const { mallory, witness, friend, victim } = ground;
      const pair = asIp('10.0.9.251');
      await setPort(mallory, { allowed_address_pairs: [{ ip_address: pair }] });
      try {
        await waitUntil(
          'the pair to be in force',
          async () => await passes(mallory, witness, udpShot('from the pair', mallory, { source: pair, destination: witness.v4 }), 50),
        );
        const doomed = await pairStreams(mallory, witness, pair);
        const spared = [
          ...(await openStreams(mallory, witness, { port: newPort() })),
          ...(await openStreams(friend, victim, { port: newPort() })),
        ];
        const act = async () => await setPort(mallory, { allowed_address_pairs: [] });
        expect(await judge({ doomed, spared, act })).toEqual([]);
      } finally {
        await setPort(mallory, { allowed_address_pairs: [] });
      }
    },
  },
  {
    title: 'S19: port security that is turned on cuts what its absence allowed',
    act: async (ground) => {
      const { mallory, victim, friend, witness, groups } = ground;
      await setPort(victim, { port_security_enabled: false, security_groups: [] });
      try {
        await waitUntil(
          'port security to be off',
          async () => await passes(mallory, victim, udpShot('anything', mallory, endsOf(mallory, victim, 4)), 50),
        );
        const doomed = await openStreams(mallory, victim, { port: newPort() });
        const spared = [
          ...(await openStreams(friend, victim, { port: newPort() })),
          ...(await openStreams(victim, witness, { port: newPort() })),
        ];
        const act = async () => await setPort(victim, { port_security_enabled: true, security_groups: [groups.guarded] });
        expect(await judge({ doomed, spared, act })).toEqual([]);
      } finally {
        await setPort(victim, { port_security_enabled: true, security_groups: [groups.guarded] });
      }
    },
  },
  {
    title: 'S19: a port that is set down loses every flow, in and out, and no other port does',
    act: async (ground) => {
      const { mallory, victim, friend, witness } = ground;
      const doomed = [
        ...(await openStreams(friend, victim, { port: newPort() })),
        ...(await openStreams(victim, witness, { port: newPort() })),
      ];
      const spared = await openStreams(mallory, witness, { port: newPort() });
      try {
        expect(await judge({ doomed, spared, act: async () => await setPort(victim, { admin_state_up: false }) })).toEqual([]);
      } finally {
        await setPort(victim, { admin_state_up: true });
        await waitUntil(
          'the port to be up again',
          async () => await passes(friend, victim, udpShot('from a friend', friend, endsOf(friend, victim, 4)), 50),
        );
      }
    },
  },
  {
    title: 'S19: a network that is set down cuts its ports',
    act: async (ground) => {
      const { mallory, victim, friend, witness, network } = ground;
      const doomed = [
        ...(await openStreams(friend, victim, { port: newPort() })),
        ...(await openStreams(mallory, witness, { port: newPort() })),
      ];
      const set = async (admin_state_up: boolean) => await client.update('networks', 'network', { id: network, body: { admin_state_up } });
      try {
        expect(await judge({ doomed, spared: [], act: async () => await set(false) })).toEqual([]);
      } finally {
        await set(true);
        for (const [from, to] of [
          [friend, victim],
          [mallory, witness],
        ] as const)
          await waitUntil(
            'the network to be up again',
            async () => await passes(from, to, udpShot('again', from, endsOf(from, to, 4)), 50),
          );
      }
    },
  },
  {
    title: 'S21: a floating IP that is taken away cuts the flows that came by it, and no others',
    act: async (ground) => {
      const { mallory, victim, friend } = ground;
      await withFloating(ground, async ({ address, release }) => {
        await withRules(ground, onlyMallory(ground), async () => {
          await waitUntil('the floating IP to be in force', async () => await answersAt(mallory, address));
          const doomed = await openStreams(mallory, victim, { port: newPort(), address });
          const spared = [
            ...(await openStreams(mallory, victim, { port: newPort() })),
            ...(await openStreams(friend, victim, { port: newPort() })),
          ];
          expect(await judge({ doomed, spared, act: release })).toEqual([]);
        });
      });
    },
  },
]);
