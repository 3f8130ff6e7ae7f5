#!/usr/bin/env node
import { Command, Option } from 'commander';
import { addDropsCommand, addWhyDroppedCommand } from './drops-commands.js';
import { addExplainCommand } from './explain-command.js';
import { fail } from './fail.js';
import { addLabCommands } from './lab-commands.js';
import { addLoggedCommand } from './logged-command.js';
import { addMatrixCommand } from './matrix-command.js';
import { addSimCommand } from './sim-command.js';
import { addStatusCommand } from './status-command.js';
import { addTraceCommand } from './trace-command.js';

const program = new Command('manx')
  .description('Plain, flat, routed IP connectivity for OpenStack clouds, behind the Neutron API')
  .version('0.1.0')
  // So that `server --config` and `server token --config` do not meet.
  .enablePositionalOptions()
  .showHelpAfterError('(`./manx --help` lists the commands)')
  .exitOverride((error) => {
    process.exit(error.exitCode === 0 ? 0 : 2);
  });

type AgentCommand = { readonly config: string; readonly cleanup?: boolean; readonly probe?: boolean; readonly output: 'text' | 'json' };

const server = program
  .command('server')
  .description('the Networking API and the feed to the agents')
  .option('--config <file>', 'its settings', '/etc/manx/server.yaml')
  .action(async (options: { readonly config: string }) => {
    const { runServer } = await import('@manx/server');
    process.exitCode = await runServer(options);
  });
server
  .command('token')
  .description("print the token of a host's agent")
  .option('--config <file>', "the server's settings", '/etc/manx/server.yaml')
  .requiredOption('--host <name>', "the host's name, as Nova writes it into binding:host_id")
  .action(async (options: { readonly config: string; readonly host: string }) => {
    const { printServerToken } = await import('@manx/server');
    process.exitCode = await printServerToken(options);
  });

program
  .command('agent')
  .description('make this host route and protect its instances')
  .option('--config <file>', 'its settings', '/etc/manx/agent.yaml')
  .option('--cleanup', 'remove everything that is ours from this host, and nothing else')
  .addOption(
    new Option('--probe', 'only look whether an agent can run on this host, and say what it has, lacks, and what is in the way').conflicts(
      'cleanup',
    ),
  )
  .addOption(new Option('-o, --output <form>', 'of --probe: text or json').choices(['text', 'json']).default('text'))
  .action(async ({ config, cleanup, probe, output }: AgentCommand) => {
    const { cleanupAgent, formatProbe, probeAgent, runAgent } = await import('@manx/agent');
    if (probe === true) {
      const found = await probeAgent();
      process.stdout.write(output === 'json' ? `${JSON.stringify(found, null, 2)}\n` : formatProbe(found));
      process.exitCode = found.lacks.length === 0 ? 0 : 1;
      return;
    }
    if (cleanup !== true) return await runAgent({ config });
    const done = await cleanupAgent({ config });
    process.stdout.write(done.length === 0 ? 'nothing of ours was here\n' : `${done.join('\n')}\n`);
  });

addExplainCommand(program.command('explain').description('whether traffic passes between two ends, why, and what would change it'));
addTraceCommand(
  program
    .command('trace')
    .description('sends one packet between two ends, and says whether the kernels of all hosts did with it what explain says'),
);
addWhyDroppedCommand(program.command('why-dropped').description('what the hosts drop of a port, why, and what to do about it'));
addDropsCommand(program.command('drops').description('what the hosts drop, by host, port and reason'));
addLoggedCommand(program.command('logged').description('packets that logs of the logging API asked for, accepted and dropped'));
addMatrixCommand(program.command('matrix').description('who reaches whom, by group, project, network, host or port'));
addStatusCommand(
  program
    .command('status')
    .description('how the cloud is: servers, hosts, what is wrong, since when, what to do; exit status 1 when something is'),
);
addSimCommand(program.command('sim').description('simulated hosts for a server: real sessions, no kernel behind them'));
addLabCommands(program.command('lab').description('a whole cloud in a box: hosts, fabric, instances as network namespaces'));

try {
  await program.parseAsync();
} catch (error) {
  fail(error);
}
