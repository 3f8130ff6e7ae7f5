import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { type Command, Option } from 'commander';
import { type Asked, formatStatus, problemsOf } from './format-status.js';

const SERVER_SETTINGS = '/etc/manx/server.yaml';
const AGENT_SETTINGS = '/etc/manx/agent.yaml';
const TIMEOUT_MS = 5_000;

type Status = {
  readonly server?: readonly string[];
  readonly config?: string;
  readonly agentConfig?: string;
  readonly output: 'text' | 'json';
};

/** `./manx status`: one screen of how the cloud is; exit status 1 when something is wrong. What runs on this machine is asked, unless told. */
export const addStatusCommand = (command: Command): void => {
  command
    .option('--server <url...>', "where servers' APIs listen on this machine, such as http://127.0.0.1:9696")
    .addOption(new Option('--config <file>', `settings of a server on this machine (${SERVER_SETTINGS} where it is)`).conflicts('server'))
    .option('--agent-config <file>', `settings of the agent on this machine (${AGENT_SETTINGS} where it is)`)
    .addOption(new Option('-o, --output <form>', 'text or json').choices(['text', 'json']).default('text'))
    .action(async (options: Status) => {
      const asked = await askAll(options);
      if (asked.length === 0) command.error(`error: neither ${SERVER_SETTINGS} nor ${AGENT_SETTINGS} is here: name one, or --server`);
      const problems = problemsOf(asked);
      const text = options.output === 'json' ? `${JSON.stringify({ asked, problems }, null, 2)}\n` : formatStatus(asked, Date.now());
      process.stdout.write(text);
      process.exitCode = problems.length === 0 ? 0 : 1;
    });
};

const askAll = async ({ server, config, agentConfig }: Status): Promise<readonly Asked[]> => {
  // Without a word about what to ask, whatever is on this machine.
  const isTold = server !== undefined || config !== undefined || agentConfig !== undefined;
  const found = (path: string): string | undefined => (!isTold && existsSync(path) ? path : undefined);
  const urls = server ?? (await serverUrls(config ?? found(SERVER_SETTINGS)));
  const servers = urls.map(
    async (where) => ({ kind: 'server', where, answer: await ask({ url: new URL('/debug/state', where) }) }) as Asked,
  );
  const agents = (await agentSockets(agentConfig ?? found(AGENT_SETTINGS))).map(
    async (where) => ({ kind: 'agent', where, answer: await ask({ socketPath: where, path: '/debug/state' }) }) as Asked,
  );
  return await Promise.all([...servers, ...agents]);
};

const serverUrls = async (path: string | undefined): Promise<readonly string[]> => {
  if (path === undefined) return [];
  const { apiUrlOf, readServerSettings } = await import('@manx/server');
  return [apiUrlOf(await readServerSettings(path))];
};

const agentSockets = async (path: string | undefined): Promise<readonly string[]> => {
  if (path === undefined) return [];
  const { agentSocket, readAgentSettings } = await import('@manx/agent');
  return [agentSocket((await readAgentSettings(path)).run_dir)];
};

/** The answer's JSON, or why there is none. */
const ask = (where: { readonly url: URL } | { readonly socketPath: string; readonly path: string }): Promise<unknown> =>
  new Promise((resolve) => {
    const options = { timeout: TIMEOUT_MS, agent: false } as const;
    const asking = 'url' in where ? request(where.url, options) : request({ ...where, ...options });
    const fail = (problem: string): void => {
      resolve({ problem });
      asking.destroy();
    };
    asking.on('timeout', () => fail(`no answer within ${TIMEOUT_MS / 1000} s: is it stopped, or very busy?`));
    asking.on('error', ({ message }) => fail(`${message}: is it running, and may you ask it?`));
    asking.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', ({ message }) => fail(message));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else fail(`it answered ${response.statusCode}: only programs on its own machine are answered, and not through a proxy`);
      });
    });
    asking.end();
  });
