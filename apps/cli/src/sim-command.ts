import { type Command, InvalidArgumentError, Option } from 'commander';

type Sim = {
  readonly server: string;
  readonly hosts: number;
  readonly prefix: string;
  readonly secretFile?: string;
  readonly config?: string;
  readonly reportDelay: number;
  readonly failRate: number;
  readonly output: 'text' | 'json';
};

/** Reads a number of the command line. */
const number =
  (says: string, isRight: (value: number) => boolean) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !isRight(value)) throw new InvalidArgumentError(`Expected ${says}.`);
    return value;
  };

const count = number('a number of hosts, 1 to 100000', (value) => Number.isInteger(value) && value >= 1 && value <= 100_000);
const millis = number('milliseconds, 0 to 600000', (value) => Number.isInteger(value) && value >= 0 && value <= 600_000);
const share = number('a share from 0 to 1', (value) => value >= 0 && value <= 1);

const url = (text: string): string => {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError('Expected a URL such as http://127.0.0.1:9697.');
  return text;
};

/** `./manx sim`: simulated hosts for a server. Agents' tokens are made from the server's secret, by a file of its own or by way of `server.yaml`. */
export const addSimCommand = (sim: Command): void => {
  sim
    .requiredOption('--server <url>', 'where the server listens for agents (listen.feed), such as http://127.0.0.1:9697', url)
    .requiredOption('--hosts <n>', 'how many hosts', count)
    .option('--prefix <text>', 'hosts are PREFIX1 to PREFIXn', 'sim-')
    .option('--secret-file <file>', "the server's agents.secret_file")
    .addOption(new Option('--config <file>', "the server's settings, which name that file").conflicts('secretFile'))
    .option('--report-delay <ms>', 'how long a host takes to plug in what has changed', millis, 0)
    .option('--fail-rate <share>', 'the share of ports that hosts refuse, 0 to 1; always the same ones', share, 0)
    .addOption(new Option('-o, --output <form>', 'text, or json: a line a change').choices(['text', 'json']).default('text'))
    .action(async ({ server, hosts, prefix, reportDelay, failRate, output, ...where }: Sim) => {
      const [{ parseHostName }, { runSim }] = await Promise.all([import('@manx/hoststate'), import('@manx/sim')]);
      if (parseHostName(`${prefix}${hosts}`) === null)
        sim.error(`error: ${JSON.stringify(`${prefix}${hosts}`)} (from --prefix) is not a host name`);
      const secret = await secretOf(where, sim);
      await runSim({ url: server, hosts, prefix, secret, reportDelayMs: reportDelay, failRate, output });
    });
};

const secretOf = async ({ secretFile, config }: Pick<Sim, 'secretFile' | 'config'>, sim: Command): Promise<string> => {
  if (secretFile === undefined && config === undefined) sim.error('error: --secret-file or --config is needed: agents prove who they are');
  const { readAgentSecret, readServerSettings } = await import('@manx/server');
  return await readAgentSecret(secretFile ?? (await readServerSettings(config ?? '')).agents.secret_file);
};
