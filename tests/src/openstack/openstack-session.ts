import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** One `openstack` that takes command after command, as a person at its prompt would give them: a process a session, not one a command. */
export type OpenstackSession = {
  /** Runs a command that prints JSON (`-f json` is added) and gives what it printed. Throws with what it said when it failed. */
  readonly json: (command: string) => Promise<never>;
  /** Runs a command that prints nothing. Throws with what it said when it failed, or when it did print something. */
  readonly quiet: (command: string) => Promise<void>;
  /** Runs a command that must fail and gives what it said. Throws when it did not. */
  readonly refused: (command: string) => Promise<string>;
  readonly close: () => Promise<void>;
};

const MARK = '--- end of command ---';
/** Where the JSON begins: warnings may come before. */
const JSON_START = /^[[{]/m;

/** Starts Debian's `openstack` with this environment and nothing else of OpenStack's; `home` is an empty folder. */
export const openOpenstackSession = (env: Readonly<Record<string, string>>, home: string): OpenstackSession => {
  // One stream for what it prints and what it complains of, in the order in which it did.
  const child = spawn('sh', ['-c', 'exec openstack 2>&1'], {
    cwd: home,
    env: { PATH: process.env['PATH'], HOME: home, PYTHONUNBUFFERED: '1', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  let isOver = false;
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  const exited = once(child, 'exit');
  child.on('exit', () => {
    isOver = true;
  });
  const run = async (command: string): Promise<string> => {
    child.stdin.write(`${command}\n!echo "${MARK}"\n`);
    for (;;) {
      const end = text.indexOf(`${MARK}\n`);
      if (end >= 0) {
        const said = text.slice(0, end);
        text = text.slice(end + MARK.length + 1);
        return said;
      }
      if (isOver) throw new Error(`openstack ended at \`${command}\`: ${text}`);
      await Promise.race([once(child.stdout, 'data'), exited]);
    }
  };
  const unless = (command: string, said: string, isWrong: boolean): void => {
    if (isWrong) throw new Error(`\`openstack ${command}\` said: ${said}`);
  };
  return {
    json: async (command) => {
      const said = await run(`${command} -f json`);
      const start = said.search(JSON_START);
      unless(command, said, start < 0);
      return JSON.parse(said.slice(start)) as never;
    },
    quiet: async (command) => {
      const said = await run(command);
      unless(command, said, said.trim() !== '');
    },
    refused: async (command) => {
      const said = (await run(command)).trim();
      unless(command, said, said === '' || JSON_START.test(said) || said.startsWith('+--'));
      return said;
    },
    close: async () => {
      child.stdin.end();
      await exited;
    },
  };
};
