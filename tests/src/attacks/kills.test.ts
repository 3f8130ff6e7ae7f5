import { clientFor, processControl, waitUntil } from '@manx/lab/attack-kit';
import { expect, inject, it } from 'vitest';
import { endsOf, udpShot } from './forge.js';
import { freshPort } from './fresh-port.js';
import { type Ground, passes, reaches } from './ground.js';
import { addRule, projects } from './range.js';
import { besiege } from './siege.js';

/** How often an agent is killed, and the seed of when and where: `MANX_KILLS=200 MANX_SEED=7`. */
const kills = Number(process.env['MANX_KILLS'] ?? 10);
const seed = Number(process.env['MANX_SEED'] ?? 4);

/** A number in [0, 1) each time, the same row for the same seed (mulberry32, public domain). */
const randomFrom = (start: number): (() => number) => {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** How long a restarted agent may take until what was changed while it died is in force. */
const limitMs = 15_000;

const rangePort = 30_000;

/** What changes while agents die: a rule comes as another goes, and an address pair comes and goes. */
const churn = async (ground: Ground, turn: number, rules: string[]): Promise<void> => {
  const client = clientFor(projects.alice);
  const { mallory, groups } = ground;
  const dport = rangePort + turn;
  const added = addRule(client, groups.guarded, {
    ethertype: 'IPv4',
    protocol: 'udp',
    port_range_min: dport,
    port_range_max: dport,
    remote_ip_prefix: `${mallory.v4}/32`,
  });
  const removed = rules.splice(0).map(async (id) => await client.remove('security-group-rules', id));
  const allowed_address_pairs = turn % 2 === 0 ? [{ ip_address: '10.0.9.252' }] : [];
  const paired = clientFor('operator').update('ports', 'port', { id: mallory.port_id, body: { allowed_address_pairs } });
  rules.push((await added).id);
  await Promise.all([...removed, paired]);
};

const grounds = (): readonly [Ground, Ground] => {
  const range = inject('range');
  const [near, far] = range.places.map(({ name, ...who }) => ({ ...range, ...who, place: name }));
  return [near as Ground, far as Ground];
};

/** Whether the rule of this turn, and it alone, is in force at the victim. */
const isEnforced = async ({ mallory, victim }: Ground, turn: number): Promise<boolean> => {
  const at = (port: number) => udpShot(`udp/${port}`, mallory, { ...endsOf(mallory, victim, 4), dport: port });
  if (!(await passes(mallory, victim, at(rangePort + turn), 50))) return false;
  return turn === 0 || !(await passes(mallory, victim, at(rangePort + turn - 1), 20));
};

it(
  `S20: agents killed with -9 at ${kills} random moments under churn and attack: never open, always converging (seed ${seed})`,
  async () => {
    const random = randomFrom(seed);
    const both = grounds();
    const { hosts } = both[0];
    const rules: string[] = [];
    const sieges = both.map(besiege);
    try {
      for (let turn = 0; turn < kills; turn += 1) {
        const host = hosts[Math.floor(random() * hosts.length)] ?? '';
        const change = churn(both[0], turn, rules);
        // Some die before they are told, some in the middle, some right after: an apply takes 20 ms.
        const dying = new Promise((resolve) => setTimeout(resolve, random() * 120));
        const [, killed] = await Promise.allSettled([change, dying.then(async () => await processControl.killAgent(host))]);
        await change;
        if (killed.status === 'rejected') throw killed.reason;
        await processControl.startAgent(host, { awaitServer: random() < 0.5 });
        for (const ground of both)
          await waitUntil(
            `turn ${turn} (seed ${seed}) to be in force at ${ground.victim.name}`,
            async () => await isEnforced(ground, turn),
            limitMs,
          );
        expect(
          sieges.flatMap(({ breaches }) => breaches()),
          `turn ${turn}, seed ${seed}`,
        ).toEqual([]);
      }
      for (const { friend, victim } of both) expect(await reaches(friend, victim)).toBe(true);
      expect(sieges.flatMap(({ breaches }) => breaches())).toEqual([]);
    } finally {
      for (const siege of sieges) siege.lift();
      await Promise.all(rules.map(async (id) => await clientFor(projects.alice).remove('security-group-rules', id)));
      await clientFor('operator').update('ports', 'port', { id: both[0].mallory.port_id, body: { allowed_address_pairs: [] } });
    }
    await freshPort(inject('range'));
  },
  60_000 + kills * 10_000,
);
