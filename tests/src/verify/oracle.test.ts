import { hostNamespace, readRunningLab, runProgram, tearDown, up } from '@manx/lab/attack-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Oracle } from './oracle.js';
import { randomSequence } from './random-steps.js';
import type { Step } from './step.js';
import { Tally } from './tally.js';

/** The seeds of the short run: between them they have live and cold moves, revoked rules, claims, floating IPs, server and agent killed, rules flushed. */
const seeds = [245, 1_370];
const steps = 6;

const tally = new Tally();
let oracle: Oracle | null = null;

beforeAll(async () => {
  await up({ hosts: 3, empty: true }, () => undefined);
  oracle = await Oracle.open(tally);
});
afterAll(async () => {
  try {
    await oracle?.close();
  } finally {
    await tearDown();
  }
  console.log(tally.text());
});

it.each(seeds)(
  'S30: what reach says of every flow is what packets do, after each of some random changes and faults (seed %i)',
  async (seed) => {
    const ended = await oracle?.play(randomSequence(seed, steps), () => undefined);
    expect(ended?.kind === 'disagree' ? ended.text : ended?.kind).toBe('agree');
  },
);

it('packets that are led astray behind the back of everybody are seen: a stranger translates what is for one guest to another', async () => {
  const guests = [0, 2].map((guest): Step => ({ do: 'boot', guest, host: 0, groups: [0] }));
  const open: Step = { do: 'rule', group: 0, rule: { direction: 'ingress', ethertype: 'IPv4', protocol: 'udp' } };
  const [h1 = ''] = (await readRunningLab()).hosts;
  const nft = async (script: string): Promise<void> => await runProgram(['ip', 'netns', 'exec', hostNamespace(h1), 'nft', script]);
  await nft(
    'add table ip astray; add chain ip astray in { type nat hook prerouting priority -110; }; add rule ip astray in ip daddr 10.77.0.10 udp dport 53 dnat to 10.77.0.12',
  );
  try {
    const ended = await oracle?.play({ opening: [open, ...guests], steps: [] }, () => undefined);
    expect(ended).toMatchObject({
      kind: 'disagree',
      at: 0,
      text: expect.stringMatching(/UDP port 53, \S+ -> 10\.77\.0\.10, .*not told to reach/),
    });
  } finally {
    await nft('delete table ip astray');
  }
});
