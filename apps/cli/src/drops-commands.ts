import type { Command } from 'commander';
import { FOLLOW_EVERY_S, outputOption, seconds } from './follow-options.js';
import type { AskedPort, DropRow } from './format-drops.js';

type Output = { readonly output: 'text' | 'json' };
type Answer = { readonly drops: readonly DropRow[]; readonly ports: readonly AskedPort[] };
type Asker = (query: string) => Promise<Answer>;

/** A list shows one packet of each drop. */
const ONE_EACH = '?samples=1';

/** `./manx why-dropped PORT`: what is dropped of a port, in words. Exit status 0 also where something is. */
export const addWhyDroppedCommand = (command: Command): void => {
  command
    .argument('<port>', 'a port or instance by name or id, or an address')
    .addOption(outputOption())
    .action(async (port: string, { output }: Output) => {
      const [ask, { formatWhyDropped }, { terminalPaint }] = await Promise.all([
        openAsker(),
        import('./format-drops.js'),
        import('./terminal-paint.js'),
      ]);
      const answer = await ask(`?port=${encodeURIComponent(port)}&samples=5`);
      if (output === 'json') return void process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
      const paint = terminalPaint(process.stdout, process.env);
      process.stdout.write(`${answer.ports.map((one) => formatWhyDropped(one, answer.drops, paint).join('\n')).join('\n\n')}\n`);
    });
};

/** `./manx drops [--follow]`: all that the asker may know; followed, what has grown since the last look, as a line of JSON or a table each time. */
export const addDropsCommand = (command: Command): void => {
  command
    .option('-f, --follow', 'go on, and show what grows')
    .option('--every <seconds>', 'how often to look with --follow', seconds, FOLLOW_EVERY_S)
    .addOption(outputOption())
    .action(async ({ output, follow, every }: Output & { readonly follow?: boolean; readonly every: number }) => {
      const [ask, { dropKey, formatDrops }, { terminalPaint }] = await Promise.all([
        openAsker(),
        import('./format-drops.js'),
        import('./terminal-paint.js'),
      ]);
      const paint = terminalPaint(process.stdout, process.env);
      const packetsOf = (some: readonly DropRow[]) => new Map(some.map((drop) => [dropKey(drop), drop.packets]));
      const show = (drops: readonly DropRow[]): void => {
        if (output === 'json') for (const drop of drops) process.stdout.write(`${JSON.stringify(drop)}\n`);
        else if (drops.length > 0) process.stdout.write(`${formatDrops(drops, paint).join('\n')}\n`);
      };
      const { drops } = await ask(ONE_EACH);
      show(drops);
      if (drops.length === 0 && output === 'text') process.stdout.write('Nothing is dropped that the hosts told of.\n');
      if (follow !== true) return;
      let known = packetsOf(drops);
      const { follow: goOn } = await import('./follow.js');
      await goOn({ everyS: every, first: ask, open: openAsker }, async (again) => {
        const { drops: now } = await again(ONE_EACH);
        show(now.filter((drop) => drop.packets !== known.get(dropKey(drop))));
        known = packetsOf(now);
      });
    });
};

const openAsker = async (): Promise<Asker> => {
  const { findApi, getApi } = await import('./api-access.js');
  const access = await findApi(process.env);
  return async (query) => (await getApi(access, `connectivity/drops${query}`)) as Answer;
};
