import { join } from 'node:path';
import { Fault } from '../fault.js';
import { changeFolder, readFolder } from '../files/program-folder.js';
import { withCandidate } from '../files/with-candidate.js';
import type { ProgramPort } from '../host/program-port.js';
import { runProgram } from '../process/run-program.js';
import { type ProgramCommand, type ProgramListener, SupervisedProgram } from '../process/supervised-program.js';
import { hasBeenRead, markRead } from './read-mark.js';

const CONFIGURATION = 'dnsmasq.conf';
const DEBIAN_PACKAGE = 'dnsmasq-base';

type Files = ReadonlyMap<string, string>;

/** How dnsmasq is run, which is for those to say who write its files. */
export type DnsmasqSpec = {
  /** Its folder is `dnsmasq/` in here; beside it are its pid and its last words. */
  readonly runDir: string;
  readonly command: ProgramCommand;
  readonly checkCommand: (file: string) => ProgramCommand;
  /** What it says once its sockets are open and its files are read. */
  readonly readyText: string;
  /** What a running one must do to go from files that it has read (null: nobody knows which) to others. */
  readonly changeOf: (before: Files | null, after: Files) => 'none' | 'sighup' | 'replace';
};

/** dnsmasq: its main file is tested before it is written; then a signal or a new process, whichever the change takes. */
export const openDnsmasq = (spec: DnsmasqSpec, listener: ProgramListener): ProgramPort => {
  const folder = join(spec.runDir, 'dnsmasq');
  const configuration = join(folder, CONFIGURATION);
  const pidFile = join(spec.runDir, 'dnsmasq.pid');
  const program = new SupervisedProgram(
    {
      name: 'dnsmasq',
      command: spec.command,
      // A signal that comes before dnsmasq is ready for it would end it; what it is about to read is what the signal is for.
      launcher: ['env', '--ignore-signal=HUP'],
      marks: spec.command.slice(1),
      pidFile,
      outputFile: join(spec.runDir, 'dnsmasq.out'),
      debianPackage: DEBIAN_PACKAGE,
    },
    listener,
  );
  let hasRead: Files | null = null;
  let isUpToDate = false;
  const ensure = async (): Promise<void> => {
    if (isUpToDate) return;
    const files = readFolder(folder);
    if (!files.has(CONFIGURATION)) await program.stop();
    else {
      hasRead ??= hasBeenRead(pidFile, folder, files.keys()) ? files : null;
      const change = spec.changeOf(hasRead, files);
      // The old one answers until the new one can: other ports' requests find no gap, also when this agent is killed in between.
      if (change === 'replace') await program.replace(spec.readyText);
      // One that just started reads the files by itself.
      else if ((await program.start()) === 'running' && change === 'sighup') {
        program.signal('SIGHUP');
        markRead(pidFile);
      }
    }
    hasRead = files;
    isUpToDate = true;
  };
  return {
    folder,
    ensure,
    ailment: () => Promise.resolve(program.ailment),
    kill: () => {
      program.kill();
    },
    stop: () => program.stop(),
    release: () => {
      program.release();
    },
    change: async (files) => {
      const wanted = files.write.get(CONFIGURATION);
      if (wanted !== undefined) await withCandidate(configuration, wanted, (file) => testConfiguration(spec.checkCommand(file), file));
      changeFolder(folder, files, { mode: 0o644 });
      isUpToDate = false;
      await ensure();
    },
  };
};

const testConfiguration = async ([program, ...args]: ProgramCommand, file: string): Promise<void> => {
  const { status, stderr } = await runProgram({ program, args, debianPackage: DEBIAN_PACKAGE });
  const detail = stderr.trim().replaceAll(file, CONFIGURATION).replaceAll('\n', ' / ');
  if (status !== 0) throw new Fault({ code: 'refused', op: 'configure', subject: 'dnsmasq', detail });
};
