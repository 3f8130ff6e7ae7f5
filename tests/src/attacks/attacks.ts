import { processControl } from '@manx/lab/attack-kit';
import { beforeAll, describe, inject, it } from 'vitest';
import { freshPort } from './fresh-port.js';
import type { Ground } from './ground.js';

/** An attack: its title is the promise that it is to break. It leaves the range as it found it, and throws when the promise was broken. */
export type Attack = { readonly title: string; readonly act: (ground: Ground) => Promise<void> };

const restartAgents = async (hosts: readonly string[]): Promise<void> => {
  await Promise.all(
    hosts.map(async (host) => {
      await processControl.killAgent(host);
      await processControl.startAgent(host);
    }),
  );
};

const attempt = ({ title, act }: Attack, at: 0 | 1): void => {
  const name = at === 0 ? 'on one host' : 'on two hosts';
  it(`${title}, ${name}`, async () => {
    const range = inject('range');
    const { name: place, ...who } = range.places[at];
    await act({ ...range, ...who, place });
    // A host that an attack froze would hold up everybody else.
    await freshPort(range);
  });
};

/** Tries each attack on one host and on two, and all of it again after the agents were killed and started; after each, the frozen-host check. */
export const tryAttacks = (attacks: readonly Attack[]): void => {
  describe('as the agents run', () => {
    for (const attack of attacks) for (const at of [0, 1] as const) attempt(attack, at);
  });
  describe('after the agents were killed and started again', () => {
    beforeAll(async () => await restartAgents(inject('range').hosts));
    for (const attack of attacks) for (const at of [0, 1] as const) attempt(attack, at);
  });
};
