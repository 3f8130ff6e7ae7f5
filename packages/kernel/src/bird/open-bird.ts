import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../fault.js';
import { groupId } from '../files/group-id.js';
import { changeFolder } from '../files/program-folder.js';
import { withCandidate } from '../files/with-candidate.js';
import type { ProgramPort } from '../host/program-port.js';
import { runProgram } from '../process/run-program.js';
import { type ProgramCommand, type ProgramListener, SupervisedProgram } from '../process/supervised-program.js';
import { askBird, type BgpSession, isBirdError, parseBgpSessions, parseFullSessions } from './bird-control.js';

const CONFIGURATION = 'bird.conf';
const DEBIAN_PACKAGE = 'bird2';

/** BIRD, and what it knows of its sessions. */
export type BirdPort = ProgramPort & {
  /** Its BGP sessions; empty while it does not run. Throws Fault when it runs and does not answer. */
  readonly sessions: () => Promise<readonly BgpSession[]>;
  /**
   * Asks those peers for their routes again whose limit was reached and that have fewer now; resolves with the sessions' names. Without
   * that BIRD would go on refusing what they announce. Throws as `sessions` does.
   */
  readonly relearn: () => Promise<readonly string[]>;
};

/** How BIRD is run, which is for those to say who write its file. */
export type BirdSpec = {
  /** Its folder is `bird/` in here; beside it are its pid and its last words. */
  readonly runDir: string;
  readonly controlSocket: string;
  /** Who may read its file beside root: it holds passwords. */
  readonly group: string;
  readonly command: ProgramCommand;
  /** For a start after it ended by itself. */
  readonly recoverCommand: ProgramCommand;
  readonly checkCommand: (file: string) => ProgramCommand;
};

/** BIRD: a new configuration is checked before it takes the old one's place, and loaded without ending a session that it does not change. */
export const openBird = (spec: BirdSpec, listener: ProgramListener): BirdPort => {
  const folder = join(spec.runDir, 'bird');
  const configuration = join(folder, CONFIGURATION);
  const socket = spec.controlSocket;
  const program = new SupervisedProgram(
    {
      name: 'BIRD',
      command: spec.command,
      recoverCommand: spec.recoverCommand,
      marks: ['-c', configuration],
      pidFile: join(spec.runDir, 'bird.pid'),
      outputFile: join(spec.runDir, 'bird.out'),
      debianPackage: DEBIAN_PACKAGE,
    },
    listener,
  );
  const gid = groupId(spec.group);
  const access = gid === null ? { mode: 0o600 } : { mode: 0o640, gid };
  let isUpToDate = false;
  const ensure = async (): Promise<void> => {
    if (isUpToDate) return;
    if (!existsSync(configuration)) await program.stop();
    else if ((await program.start()) === 'running') await reload(socket);
    isUpToDate = true;
  };
  return {
    folder,
    ensure,
    ailment: async () => {
      if (program.ailment !== null || program.pid === null || !existsSync(socket)) return program.ailment;
      const silence = await silenceOf(socket);
      // One that was stopped while it was asked is silent for that reason.
      return silence === null ? null : (program.ailment ?? silence);
    },
    failure: () => program.failure,
    kill: () => {
      program.kill();
    },
    stop: async () => {
      await program.stop();
      rmSync(socket, { force: true });
    },
    release: () => {
      program.release();
    },
    sessions: async () =>
      program.pid === null || !existsSync(socket) ? [] : parseBgpSessions(await askBird(socket, 'show protocols all')),
    relearn: async () => {
      if (program.pid === null || !existsSync(socket)) return [];
      const full = parseFullSessions(await askBird(socket, 'show protocols all'));
      const names = full.filter(({ imported, limit }) => imported < limit).map(({ name }) => name);
      for (const name of names) await command(socket, `reload in '${name}'`);
      return names;
    },
    change: async (files) => {
      const wanted = files.write.get(CONFIGURATION);
      if (wanted !== undefined) await withCandidate(configuration, wanted, (file) => checkConfiguration(spec.checkCommand(file), file));
      changeFolder(folder, files, access);
      isUpToDate = false;
      await ensure();
    },
  };
};

/** Why BIRD is silent; null when it answers. A socket that nobody has opened is that of one that is about to start. */
const silenceOf = async (socket: string): Promise<string | null> => {
  try {
    await askBird(socket, 'show status');
    return null;
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return fault.code === 'busy' ? fault.detail : null;
  }
};

const reload = (socket: string): Promise<void> => command(socket, 'configure');

const command = async (socket: string, words: string): Promise<void> => {
  const reply = await askBird(socket, words);
  if (isBirdError(reply)) throw refusal(reply.lines.join(' / '));
};

const checkConfiguration = async ([program, ...args]: ProgramCommand, file: string): Promise<void> => {
  const { status, stdout, stderr } = await runProgram({ program, args, debianPackage: DEBIAN_PACKAGE });
  if (status !== 0) throw refusal(`${stdout}${stderr}`.trim().replaceAll(file, CONFIGURATION).replaceAll('\n', ' / '));
};

const refusal = (detail: string): Fault => new Fault({ code: 'refused', op: 'configure', subject: 'BIRD', detail });
