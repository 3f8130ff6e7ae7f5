import { join } from 'node:path';
import { Fault } from '../fault.js';
import { changeFolder, readFolder } from '../files/program-folder.js';
import { withCandidate } from '../files/with-candidate.js';
import { GrowingPause } from '../growing-pause.js';
import type { ProgramPort } from '../host/program-port.js';
import { oneAtATime } from '../one-at-a-time.js';
import { type OutputTail, tailOutput } from '../process/output-tail.js';
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
  /** The tap whose guest was refused an address that is its port's by these files, when a line that it wrote tells of that; null when not. */
  readonly refusedTap: (line: string, files: Files) => string | null;
};

/**
 * How often it is replaced for the sake of clients, whom a guest may make as many of as it likes: for those of one tap (a boot from the
 * network has three), and for all.
 */
const FOR_TAP = { firstMs: 2_000, longestMs: 512_000, forgivenMs: 600_000 };
const FOR_ALL = { firstMs: 2_000, longestMs: 32_000, forgivenMs: 60_000 };

/** dnsmasq: its main file is tested before it is written; then a signal or a new process, whichever the change takes. */
export const openDnsmasq = (spec: DnsmasqSpec, listener: ProgramListener): ProgramPort => {
  const folder = join(spec.runDir, 'dnsmasq');
  const configuration = join(folder, CONFIGURATION);
  const pidFile = join(spec.runDir, 'dnsmasq.pid');
  const outputFile = join(spec.runDir, 'dnsmasq.out');
  const program = new SupervisedProgram(
    {
      name: 'dnsmasq',
      command: spec.command,
      // A signal that comes before dnsmasq is ready for it would end it; what it is about to read is what the signal is for.
      launcher: ['env', '--ignore-signal=HUP'],
      marks: spec.command.slice(1),
      pidFile,
      outputFile,
      debianPackage: DEBIAN_PACKAGE,
    },
    listener,
  );
  let hasRead: Files | null = null;
  let isUpToDate = false;
  let tail: OutputTail | null = null;
  const pause = new GrowingPause(FOR_ALL);
  const pauses = new Map<string, GrowingPause>();
  let forgetting: NodeJS.Timeout | null = null;
  const line = oneAtATime();
  // Leases are in its memory alone, so another process gives the address to whoever it is for now; clients ask again within seconds.
  const forgetLeases = async (refusedBy: number | null): Promise<void> => {
    // Another has taken its place meanwhile.
    if (program.pid === null || program.pid !== refusedBy) return;
    pause.done(Date.now());
    await program.replace(spec.readyText);
  };
  // A refusal that comes too early is not kept for later: the client asks again, and is refused again if another process has not helped it.
  const isBelieved = (tap: string, now: number): boolean => {
    for (const [name, known] of pauses) if (known.isForgiven(now)) pauses.delete(name);
    const own = pauses.get(tap) ?? new GrowingPause(FOR_TAP);
    if (own.wait(now) > 0) return false;
    own.done(now);
    pauses.set(tap, own);
    return true;
  };
  const hear = (text: string): void => {
    if (forgetting !== null || hasRead === null) return;
    const [tap, now, refusedBy] = [spec.refusedTap(text, hasRead), Date.now(), program.pid];
    if (tap === null || !isBelieved(tap, now)) return;
    const forget = (): void => {
      forgetting = null;
      void line.run(() => forgetLeases(refusedBy));
    };
    forgetting = setTimeout(forget, pause.wait(now));
    forgetting.unref();
  };
  const ensure = async (): Promise<void> => {
    if (isUpToDate) return;
    tail ??= tailOutput(outputFile, hear);
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
    ensure: () => line.run(ensure),
    ailment: () => Promise.resolve(program.ailment),
    failure: () => program.failure,
    kill: () => {
      program.kill();
    },
    stop: () => line.run(() => program.stop()),
    release: () => {
      tail?.close();
      if (forgetting !== null) clearTimeout(forgetting);
      program.release();
    },
    change: (files) =>
      line.run(async () => {
        const wanted = files.write.get(CONFIGURATION);
        if (wanted !== undefined) await withCandidate(configuration, wanted, (file) => testConfiguration(spec.checkCommand(file), file));
        changeFolder(folder, files, { mode: 0o644 });
        isUpToDate = false;
        await ensure();
      }),
  };
};

const testConfiguration = async ([program, ...args]: ProgramCommand, file: string): Promise<void> => {
  const { status, stderr } = await runProgram({ program, args, debianPackage: DEBIAN_PACKAGE });
  const detail = stderr.trim().replaceAll(file, CONFIGURATION).replaceAll('\n', ' / ');
  if (status !== 0) throw new Fault({ code: 'refused', op: 'configure', subject: 'dnsmasq', detail });
};
