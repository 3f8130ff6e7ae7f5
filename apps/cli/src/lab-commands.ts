import type { Command } from 'commander';

type Json = { readonly output: 'text' | 'json' };
type Boot = Json & {
  readonly network?: string;
  readonly port?: string;
  readonly host?: string;
  readonly group: readonly string[];
  readonly project?: string;
};
type Up = Json & { readonly hosts?: string; readonly file?: string; readonly empty?: boolean };

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** `./manx lab ...`. The lab itself is loaded only when one of these runs. */
export const addLabCommands = (lab: Command): void => {
  // A reader that has seen enough (`manx lab list | head -3`) is no error.
  lab.hook('preAction', () => {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(0);
    });
  });
  const add = (signature: string, description: string): Command =>
    lab.command(signature).description(description).option('-o, --output <form>', 'text or json', parseOutput, 'text');

  add('up', 'build it and leave it running')
    .option('--hosts <n>', 'how many hosts (default: as the cloud file says; 3)')
    .option('--file <cloud.yaml>', 'the cloud to build (default: lab/clouds/default.yaml)')
    .option('--empty', 'hosts and fabric only')
    .action(async ({ hosts, output, ...rest }: Up) => {
      const { labUp } = await import('@manx/lab');
      await labUp({ ...rest, ...(hosts === undefined ? {} : { hosts: Number(hosts) }) }, output);
    });
  add('boot <name>', 'boot an instance as Nova would')
    .option('--network <net>', 'make a port on this network, by name or id')
    .option('--port <id>', 'use this port')
    .option('--host <host>', 'on this host (default: the emptiest)')
    .option('--group <group>', 'security group, by name or id; may be repeated', collect, [])
    .option('--project <id>', "the port's project (default: that of its groups, else the network's)")
    .action(async (name: string, { group, output, ...rest }: Boot) => {
      const { labBoot } = await import('@manx/lab');
      await labBoot({ name, groups: group, ...rest }, output);
    });
  add('exec <name> <command...>', 'run a program in an instance: ./manx lab exec web-1 -- ping 10.65.0.3').action(
    async (name: string, argv: string[], { output }: Json) => {
      const { labExec } = await import('@manx/lab');
      process.exitCode = await labExec(name, argv, output);
    },
  );
  add('delete <name>', 'delete an instance and its port').action(async (name: string, { output }: Json) => {
    const { labDelete } = await import('@manx/lab');
    await labDelete(name, output);
  });
  add('move <name>', 'move an instance to another host, as a cold migration does')
    .requiredOption('--host <host>', 'where to')
    .option('--live', 'as a live migration does: what runs in it goes on')
    .action(async (name: string, { host, live = false, output }: Json & { readonly host: string; readonly live?: boolean }) => {
      const { labMove } = await import('@manx/lab');
      await labMove(name, { host, isLive: live }, output);
    });
  add('list', 'what is running').action(async ({ output }: Json) => {
    const { labList } = await import('@manx/lab');
    await labList(output);
  });
  add('env', 'print what `openstack` needs: eval $(./manx lab env)').action(async ({ output }: Json) => {
    const { labEnv } = await import('@manx/lab');
    await labEnv(output);
  });
  add('check', 'prove the promises with packets').action(async ({ output }: Json) => {
    const { labCheck } = await import('@manx/lab');
    process.exitCode = (await labCheck(output)) ? 0 : 1;
  });
  add('demo', 'what `make lab` does: a fresh lab, proven, left running').action(async ({ output }: Json) => {
    const { labDemo } = await import('@manx/lab');
    process.exitCode = (await labDemo(output)) ? 0 : 1;
  });
  add('down', 'remove it, however it died').action(async ({ output }: Json) => {
    const { labDown } = await import('@manx/lab');
    await labDown(output);
  });
};

const parseOutput = (form: string): 'text' | 'json' => {
  if (form === 'text' || form === 'json') return form;
  process.stderr.write(`manx: --output takes text or json, not ${JSON.stringify(form)}.\n`);
  process.exit(2);
};
