import type { Command } from 'commander';
import { FOLLOW_EVERY_S, outputOption, seconds } from './follow-options.js';
import type { LoggedRow } from './format-logged.js';

type Asked = {
  readonly port?: string;
  readonly log?: string;
  readonly follow?: boolean;
  readonly every: number;
  readonly output: 'text' | 'json';
};
type Answer = { readonly logged: readonly LoggedRow[]; readonly cursor: string };
type Asker = (query: URLSearchParams) => Promise<Answer>;

/** `./manx logged [--follow]`: the packets that logs of the `logging` API asked for, as the server has them; followed, those that come. */
export const addLoggedCommand = (command: Command): void => {
  command
    .option('--port <port>', 'only of a port or instance by name or id, or an address')
    .option('--log <id>', 'only what this log asked for')
    .option('-f, --follow', 'go on, and show what comes')
    .option('--every <seconds>', 'how often to look with --follow', seconds, FOLLOW_EVERY_S)
    .addOption(outputOption())
    .action(async ({ port, log, follow, every, output }: Asked) => {
      const [ask, { formatLogged }, { terminalPaint }] = await Promise.all([
        openAsker(),
        import('./format-logged.js'),
        import('./terminal-paint.js'),
      ]);
      // Whoever reads may have read enough: `manx logged | head`.
      process.stdout.on('error', () => process.exit());
      const paint = terminalPaint(process.stdout, process.env);
      const show = (rows: readonly LoggedRow[]): void => {
        for (const row of rows) process.stdout.write(`${output === 'json' ? JSON.stringify(row) : formatLogged(row, paint)}\n`);
      };
      const queryAfter = (cursor: string | null): URLSearchParams =>
        new URLSearchParams({
          ...(port === undefined ? {} : { port }),
          ...(log === undefined ? {} : { log_id: log }),
          ...(cursor === null ? {} : { after: cursor }),
        });
      const first = await ask(queryAfter(null));
      show(first.logged);
      if (first.logged.length === 0 && output === 'text') process.stdout.write('Nothing is logged that the hosts told of.\n');
      if (follow !== true) return;
      let { cursor } = first;
      const { follow: goOn } = await import('./follow.js');
      await goOn({ everyS: every, first: ask, open: openAsker }, async (again) => {
        const answer = await again(queryAfter(cursor));
        show(answer.logged);
        cursor = answer.cursor;
      });
    });
};

const openAsker = async (): Promise<Asker> => {
  const { findApi, getApi } = await import('./api-access.js');
  const access = await findApi(process.env);
  return async (query) => (await getApi(access, `connectivity/logged?${query.toString()}`)) as Answer;
};
