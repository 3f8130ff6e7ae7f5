import { readFile, writeFile } from 'node:fs/promises';
import { tearDown, up } from '@manx/lab/attack-kit';
import { Oracle } from './oracle.js';
import { randomSequence } from './random-steps.js';
import { shrink } from './shrink.js';
import { type Sequence, stepText } from './step.js';
import { Tally } from './tally.js';

/**
 * `make verify SEQUENCES=N SEED=S [STEPS=K]`: plays N random sequences of K steps in a lab of its own, until one disagrees; that one is shortened and
 * left in a file. `make verify REPLAY=FILE` plays such a file. Exit status 1: something disagreed.
 */

const number = (name: string, otherwise: number): number => {
  const said = process.env[name];
  if (said === undefined || said === '') return otherwise;
  if (!/^\d+$/.test(said)) throw new Error(`${name} is to be a whole number, not ${JSON.stringify(said)}`);
  return Number(said);
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const scriptOf = ({ opening, steps }: Sequence): string =>
  `{"opening": [\n${opening.map((step) => `  ${stepText(step)}`).join(',\n')}\n],\n"steps": [\n${steps.map((step) => `  ${stepText(step)}`).join(',\n')}\n]}\n`;

const quiet = (): void => undefined;

type Failure = { readonly name: string; readonly at: number; readonly text: string };

/** Says what failed, shortens it with so many tries at most (each takes some seconds), and leaves the script. */
const tellFailure = async (oracle: Oracle, sequence: Sequence, { name, at, text }: Failure, shrinks: number): Promise<void> => {
  say(`\nDISAGREE in ${name}, after step ${at}:\n${text}\n`);
  const known = { opening: sequence.opening, steps: sequence.steps.slice(0, at) };
  let last: string | null = null;
  const fails = async (candidate: Sequence): Promise<boolean> => {
    const ended = await oracle.play(candidate, quiet);
    if (ended.kind === 'disagree') last = ended.text;
    return ended.kind === 'disagree';
  };
  // The ids of a cloud are random, and so is what depends on their order: it may take some tries.
  const isSteady = shrinks > 0 && ((await fails(known)) || (await fails(known)) || (await fails(known)));
  if (shrinks > 0 && !isSteady) say('Played again three times, it agrees: chance has a part in it. The whole script:');
  const short = isSteady ? await shrink(known, fails, shrinks) : known;
  const file = `verify-${name.replaceAll(/\W+/g, '-')}.json`;
  await writeFile(file, scriptOf(short));
  if (last !== null) say(last);
  say(`\nThe script (make verify REPLAY=${file}):\n${scriptOf(short)}`);
};

const run = async (): Promise<boolean> => {
  const replay = process.env['REPLAY'] ?? '';
  const [seed, sequences, steps] = [number('SEED', Date.now() % 1_000_000), number('SEQUENCES', 20), number('STEPS', 10)];
  const named: readonly { readonly name: string; readonly sequence: Sequence }[] =
    replay === ''
      ? Array.from({ length: sequences }, (_, at) => ({ name: `seed ${seed + at}`, sequence: randomSequence(seed + at, steps) }))
      : [{ name: replay, sequence: JSON.parse(await readFile(replay, 'utf8')) as Sequence }];
  say(replay === '' ? `${sequences} sequences of ${steps} steps, from seed ${seed} on` : `replaying ${replay}`);
  const tally = new Tally();
  const oracle = await Oracle.open(tally);
  try {
    for (const [at, { name, sequence }] of named.entries()) {
      const began = performance.now();
      const ended = await oracle.play(
        sequence,
        process.env['VERBOSE'] === '1' ? (step) => say(step === null ? 'opening' : stepText(step)) : quiet,
      );
      if (ended.kind === 'disagree') {
        say(tally.text());
        await tellFailure(oracle, sequence, { name, ...ended }, number('SHRINKS', 60));
        await oracle.close();
        return false;
      }
      say(`${at + 1}/${named.length} ${name}: agree (${((performance.now() - began) / 1_000).toFixed(1)} s)`);
    }
    say(`\nall agree\n${tally.text()}`);
  } catch (error) {
    // What is broken may not let itself be put away either: the first word counts.
    await oracle.close().catch(() => undefined);
    throw error;
  }
  await oracle.close();
  return true;
};

/** Ctrl-C ends the run, and the lab with it. */
const interrupted = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => reject(new Error(`ended by ${signal}`)));
});

await up({ hosts: 3, empty: true }, () => undefined);
try {
  process.exitCode = (await Promise.race([run(), interrupted])) ? 0 : 1;
} catch (error) {
  say(`verify: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await tearDown();
}
// What was under way when it was interrupted has nothing left to work on.
process.exit();
