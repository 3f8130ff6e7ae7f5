import type { BirdSettings } from './bird-settings.js';

type Command = readonly [string, ...string[]];

/** What a change of each file takes: BIRD's command `configure`, over its control socket. */
export const BIRD_FILE_EFFECTS: ReadonlyMap<string, 'configure'> = new Map([['bird.conf', 'configure']]);

/** The program and its arguments, for a start on a host that has no routes of BIRD. It stays in the foreground, logs to standard error, and starts as root. */
export function birdCommand({ directory, controlSocket, user, group }: BirdSettings): Command {
  return ['bird', '-f', '-u', user, '-g', group, '-c', `${directory}/bird.conf`, '-s', controlSocket];
}

/**
 * The same for a start after BIRD ended without being told to, when the kernel still has its routes: they stay until the peers
 * have told theirs anew. Not for a first start: with a peer that is away it would wait for it, up to 10 s.
 */
export function birdRecoverCommand(settings: BirdSettings): Command {
  return [...birdCommand(settings), '-R'];
}

/** Checks a configuration file without starting anything: status 0 when it is right, else line, column and reason on standard error. */
export function birdCheckCommand(file: string): Command {
  return ['bird', '-p', '-c', file];
}
