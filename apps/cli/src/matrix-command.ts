import type { Command } from 'commander';
import { addFlowOptions, type FlowOptions, flowBody } from './flow-options.js';

const FORMS = ['text', 'json', 'svg'] as const;

type Options = FlowOptions & { readonly by: string; readonly from?: string; readonly to?: string; readonly output: (typeof FORMS)[number] };

/** `./manx matrix --by group --tcp 443`: who reaches whom, as a table, JSON, or a picture. */
export const addMatrixCommand = (matrix: Command): void => {
  addFlowOptions(matrix)
    .option('--by <what>', 'put ports together by group, project, network or host, or take each port', 'group')
    .option('--from <name>', 'only these senders: a port or instance by name or id, or group:NAME')
    .option('--to <name>', 'only these receivers')
    .option('-o, --output <form>', 'text, json or svg', 'text')
    .action(async ({ by, from, to, output, ...flow }: Options) => {
      if (!FORMS.includes(output)) matrix.error(`error: --output takes ${FORMS.join(', ')}, not ${JSON.stringify(output)}`);
      const [{ findApi, askApi }, { camelKeys }, reach, { terminalPaint }] = await Promise.all([
        import('./api-access.js'),
        import('./camel-keys.js'),
        import('@manx/reach'),
        import('./terminal-paint.js'),
      ]);
      const body = {
        by,
        ...(from === undefined ? {} : { source: from }),
        ...(to === undefined ? {} : { destination: to }),
        ...flowBody(flow),
      };
      const answer = await askApi(await findApi(process.env), 'connectivity/matrix', { connectivity_matrix: body });
      const { connectivityMatrix: found } = camelKeys(answer) as { readonly connectivityMatrix: Answered };
      const title = `${reach.payloadText(found.flow)}, IPv${found.flow.family}, by ${found.by}`;
      if (output === 'json') process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
      else if (output === 'svg') process.stdout.write(reach.matrixSvg(found, title));
      else process.stdout.write(`${[title, '', ...reach.formatMatrix(found, terminalPaint(process.stdout, process.env))].join('\n')}\n`);
    });
};

type Answered = Parameters<typeof import('@manx/reach').matrixSvg>[0] & {
  readonly by: string;
  readonly flow: Parameters<typeof import('@manx/reach').payloadText>[0] & { readonly family: number };
};
