import { clientFor, type Guest, type NeutronClient, waitUntil } from '@manx/lab/attack-kit';
import { endsOf, udpShot } from './forge.js';
import { type Ground, passes } from './ground.js';
import { addRule, makeGroup, projects } from './range.js';

/** The first port of those by which a change is known to be in force; no attack uses them. */
const canaryPort = 64_000;

/** A group that a test changes, on the victim's port beside its own group. */
export type Rules = {
  readonly client: NeutronClient;
  readonly group: string;
  /** Adds rules; resolves to their ids. */
  readonly add: (...rules: readonly object[]) => Promise<readonly string[]>;
  /** Resolves when everything that was changed before is in force at the victim's host. */
  readonly inForce: () => Promise<void>;
};

const canaries = new Map<string, number>();

/** A rule for a port that was never allowed before: once it lets the attacker in, whatever was asked for earlier is in force as well. */
const untilInForce = async ({ mallory }: Ground, victim: Guest, group: string): Promise<void> => {
  const dport = canaries.get(victim.name) ?? canaryPort;
  canaries.set(victim.name, dport + 1);
  const client = clientFor(projects.alice);
  await addRule(client, group, {
    ethertype: 'IPv4',
    protocol: 'udp',
    port_range_min: dport,
    port_range_max: dport,
    remote_ip_prefix: `${mallory.v4}/32`,
  });
  const canary = () => udpShot('a canary', mallory, { ...endsOf(mallory, victim, 4), dport });
  await waitUntil(`a rule of ${victim.name} to be in force`, async () => await passes(mallory, victim, canary(), 50));
};

/** Puts a group with these rules on the victim's port beside its own, acts once they are in force, and takes it away again. */
export const withRules = async (ground: Ground, rules: readonly object[], act: (rules: Rules) => Promise<void>): Promise<void> => {
  const { victim, groups } = ground;
  const client = clientFor(projects.alice);
  const group = await makeGroup('trial', projects.alice, rules);
  const hold = async (list: readonly string[]) =>
    await client.update('ports', 'port', { id: victim.port_id, body: { security_groups: list } });
  const inForce = async () => await untilInForce(ground, victim, group);
  try {
    await hold([groups.guarded, group]);
    await inForce();
    const add = async (...more: readonly object[]) => await Promise.all(more.map(async (rule) => (await addRule(client, group, rule)).id));
    await act({ client, group, add, inForce });
  } finally {
    await hold([groups.guarded]);
    await client.remove('security-groups', group);
  }
};
