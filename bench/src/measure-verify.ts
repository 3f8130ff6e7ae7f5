import { tearDown, up } from '@manx/lab/bench-kit';
import { Oracle, randomSequence, Tally } from '@manx/tests/oracle';
import type { Cleanup } from './cleanup.js';
import { type Effort, type Figure, type Progress, rowAlone } from './figure.js';

const STEPS = 10;

/** How fast `make verify` looks: flows tried and compared in a second, and how long a step takes. Throws when something disagrees. */
export const measureVerify = async (
  { verifySequences }: Effort,
  { cleanup, progress }: { readonly cleanup: Cleanup; readonly progress: Progress },
): Promise<Figure> => {
  cleanup.add(tearDown);
  await up({ hosts: 3, empty: true }, (step) => progress(`lab: ${step}`));
  const tally = new Tally();
  const oracle = await Oracle.open(tally);
  const began = performance.now();
  for (let seed = 1; seed <= verifySequences; seed += 1) {
    progress(`verify: sequence ${seed} of ${verifySequences}`);
    const ended = await oracle.play(randomSequence(seed, STEPS), () => undefined);
    if (ended.kind === 'disagree') throw new Error(`seed ${seed}: ${ended.text}`);
  }
  const seconds = (performance.now() - began) / 1_000;
  await oracle.close();
  const { probesPerSecond, looks, flows, settleMs } = tally.figures();
  return {
    title: 'Oracle',
    rows: [
      rowAlone('flows tried and compared, a second of looking', `${probesPerSecond.toLocaleString('en')}/s`),
      rowAlone('- flows in one look at a cloud', Math.round(flows / looks).toLocaleString('en')),
      rowAlone('hosts done after a change or fault, mean', `${Math.round(settleMs / looks)} ms`),
      rowAlone(`a sequence of ${STEPS} steps on a fresh cloud, mean`, `${(seconds / verifySequences).toFixed(1)} s`),
    ],
    notes: [
      `\`make verify\`: ${verifySequences} random sequences on a lab of three hosts; TCP, UDP and ICMP of IPv4 and IPv6 between six instances and the outside, each flow's first packet and its answer through the real hosts and fabric, compared with \`explain\`. A look ends when the wires are silent.`,
    ],
  };
};
