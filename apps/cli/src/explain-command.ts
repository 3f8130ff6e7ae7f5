import type { Command } from 'commander';
import { addFlowOptions, type FlowOptions, flowBody } from './flow-options.js';

type Explain = FlowOptions & { readonly output: 'text' | 'json' };

/** `./manx explain A B --tcp 443`: whether, why, by which way, and what would change it. Exit status 3 where something of it is refused. */
export const addExplainCommand = (explain: Command): void => {
  addFlowOptions(explain)
    .argument('<from>', 'who sends: an address, a port or instance by name or id, or group:NAME')
    .argument('<to>', 'who receives, said in the same ways')
    .option('-o, --output <form>', 'text or json', 'text')
    .action(async (source: string, destination: string, { output, ...flow }: Explain) => {
      if (output !== 'text' && output !== 'json') explain.error(`error: --output takes text or json, not ${JSON.stringify(output)}`);
      const [{ findApi, askApi }, { camelKeys }, { formatExplanation }, { terminalPaint }] = await Promise.all([
        import('./api-access.js'),
        import('./camel-keys.js'),
        import('@manx/reach'),
        import('./terminal-paint.js'),
      ]);
      const answer = await askApi(await findApi(process.env), 'connectivity/explain', {
        connectivity: { source, destination, ...flowBody(flow) },
      });
      const { explanations } = (
        camelKeys(answer) as { readonly connectivity: { readonly explanations: Parameters<typeof formatExplanation>[0][] } }
      ).connectivity;
      if (output === 'json') process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
      else
        process.stdout.write(
          `${explanations.map((one) => formatExplanation(one, terminalPaint(process.stdout, process.env)).join('\n')).join('\n\n')}\n`,
        );
      if (explanations.some(({ answer }) => answer === 'refused' || answer === 'mixed')) process.exitCode = REFUSED;
    });
};

/** So that a script can ask. 1 and 2 are failures of the command itself. */
const REFUSED = 3;
