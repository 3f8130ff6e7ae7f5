import type { ShownTrace } from '@manx/reach';
import type { Command } from 'commander';
import { fail } from './fail.js';
import { addFlowOptions, type FlowOptions, flowBody } from './flow-options.js';

type Trace = FlowOptions & { readonly output: 'text' | 'json'; readonly timeout?: number };

/**
 * `./manx trace A B --tcp 443`: explains, has one packet sent, and says whether the kernels did as explained; where not, all that a bug report needs follows. Exit
 * status 1 where one of them did not, 2 where it could not be tried.
 */
export const addTraceCommand = (trace: Command): void => {
  addFlowOptions(trace)
    .argument('<from>', 'who sends: an address of a port, or a port or instance by name or id')
    .argument('<to>', 'who receives, said in the same ways, or any address')
    .option('--timeout <seconds>', 'how long the packet and an answer are waited for, 1 to 10', Number)
    .option('-o, --output <form>', 'text or json', 'text')
    .action(async (source: string, destination: string, { output, timeout, ...flow }: Trace) => {
      if (output !== 'text' && output !== 'json') trace.error(`error: --output takes text or json, not ${JSON.stringify(output)}`);
      const [{ findApi, askApi }, { camelKeys }, { formatTrace }, { terminalPaint }] = await Promise.all([
        import('./api-access.js'),
        import('./camel-keys.js'),
        import('@manx/reach'),
        import('./terminal-paint.js'),
      ]);
      try {
        const connectivity = { source, destination, ...flowBody(flow), ...(timeout === undefined ? {} : { timeout }) };
        const answer = (await askApi(await findApi(process.env), 'connectivity/trace', { connectivity })) as Answer;
        const traces = camelKeys(answer.connectivity.traces) as readonly ShownTrace[];
        const paint = terminalPaint(process.stdout, process.env);
        const text =
          output === 'json'
            ? JSON.stringify(answer, null, 2)
            : traces
                .map((one, at) => [...formatTrace(one, paint), ...reportOf(one, answer.connectivity.traces[at])].join('\n'))
                .join('\n\n');
        process.stdout.write(`${text}\n`);
        process.exitCode = statusOf(traces);
      } catch (error) {
        fail(error);
        process.exitCode = NOT_TRIED;
      }
    });
};

type Answer = { readonly connectivity: { readonly traces: readonly object[] } };

const DISAGREE = 1;
const NOT_TRIED = 2;

const statusOf = (traces: readonly ShownTrace[]): number => {
  const verdicts = new Set(traces.map(({ verdict }) => verdict));
  return verdicts.has('disagree') ? DISAGREE : verdicts.has('unknown') ? NOT_TRIED : 0;
};

/** What whoever looks for the mistake wants to have: the explanation, every rule that was met on every host, and the text of its chain. */
const reportOf = ({ verdict }: ShownTrace, asAnswered: object | undefined): readonly string[] =>
  verdict === 'disagree' ? ['', 'for a bug report:', JSON.stringify(asAnswered, null, 1)] : [];
