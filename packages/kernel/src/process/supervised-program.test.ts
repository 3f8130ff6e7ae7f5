import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { identifyProcess } from './process-identity.js';
import { type ProgramCommand, SupervisedProgram } from './supervised-program.js';

const folder = mkdtempSync(join(tmpdir(), 'manx-t-program-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A program that its arguments tell from all others on the machine. */
const make = (mark: string, command: ProgramCommand = ['sh', '-c', 'while :; do sleep 1000; done', mark]) => {
  const seen: string[] = [];
  let onSeen = (): void => undefined;
  const see = (what: string): void => {
    seen.push(what);
    onSeen();
  };
  const program = new SupervisedProgram(
    {
      name: mark,
      command,
      marks: [mark],
      pidFile: join(folder, `${mark}.pid`),
      outputFile: join(folder, `${mark}.out`),
      debianPackage: 'some-package',
    },
    { onUp: (_pid, how) => see(how), onDown: (fault) => see(fault.detail) },
  );
  const isSeen = (count: number): Promise<void> =>
    new Promise((resolve) => {
      onSeen = () => {
        if (seen.length >= count) resolve();
      };
      onSeen();
    });
  return { program, seen, isSeen };
};

describe('a program beside the agent', () => {
  it('S20: stays when its keeper goes, and is adopted by the next', async () => {
    const first = make(`${folder}/adopted`.replaceAll('/', '-'));
    expect(await first.program.start()).toBe('started');
    const { pid } = first.program;
    first.program.release();
    expect(identifyProcess(pid ?? 0)).not.toBeNull();
    const second = make(`${folder}/adopted`.replaceAll('/', '-'));
    rmSync(join(folder, `${`${folder}/adopted`.replaceAll('/', '-')}.pid`));
    expect(await second.program.start()).toBe('running');
    expect(second.program.pid).toBe(pid);
    await second.program.stop();
    expect(identifyProcess(pid ?? 0)).toBeNull();
    expect([first.seen, second.seen]).toEqual([['started'], ['adopted']]);
  });

  it('is started again when it ends by itself, adopted or not', async () => {
    const mark = `${folder}-restarted`.replaceAll('/', '-');
    const { program, seen, isSeen } = make(mark);
    await program.start();
    process.kill(program.pid ?? 0, 'SIGKILL');
    await isSeen(3);
    expect(seen).toEqual(['started', 'ended by itself', 'started']);
    expect(readFileSync(join(folder, `${mark}.pid`), 'utf8')).toBe(`${program.pid}\n`);
    await program.stop();
    expect(program.pid).toBeNull();
  });

  it('with other arguments than wanted is replaced', async () => {
    const mark = `${folder}-replaced`.replaceAll('/', '-');
    const old = make(mark);
    await old.program.start();
    const { pid } = old.program;
    old.program.release();
    const next = make(mark, ['sh', '-c', 'while :; do sleep 2000; done', mark]);
    expect(await next.program.start()).toBe('started');
    expect(identifyProcess(pid ?? 0)).toBeNull();
    await next.program.stop();
  });

  it('that cannot run says its last words, and one that is missing its package', async () => {
    const bad = make('bad', ['sh', '-c', 'echo cannot bind >&2; exit 1', 'bad']);
    await bad.program.start();
    await bad.isSeen(2);
    expect(bad.seen[1]).toBe('ended by itself: cannot bind');
    await bad.program.stop();
    const missing = make('missing', ['no-such-program', 'missing']);
    await missing.program.start();
    await missing.isSeen(1);
    expect(missing.seen[0]).toContain('install the Debian package some-package');
    await missing.program.stop();
  });
});
