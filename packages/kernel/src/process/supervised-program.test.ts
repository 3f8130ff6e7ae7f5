import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { identifyProcess } from './process-identity.js';
import { type ProgramCommand, SupervisedProgram } from './supervised-program.js';
import { watchExit } from './watch-exit.js';

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

  it('S26: that is replaced goes on until the new one says that it is ready, and is gone then', async () => {
    const mark = `${folder}-gapless`.replaceAll('/', '-');
    const go = join(folder, 'go');
    const command: ProgramCommand = [
      'sh',
      '-c',
      `until [ -e ${go} ]; do sleep 0.01; done; echo now ready; while :; do sleep 1000; done`,
      mark,
    ];
    const { program, seen } = make(mark, command);
    await program.start();
    const old = program.pid ?? 0;
    await program.replace('ready');
    const fresh = program.pid ?? 0;
    expect(fresh).not.toBe(old);
    expect([old, fresh].map((pid) => identifyProcess(pid) !== null)).toEqual([true, true]);
    const gone = new Promise<void>((resolve) => void watchExit(old, resolve));
    writeFileSync(go, '');
    await gone;
    expect(identifyProcess(fresh)).not.toBeNull();
    expect(program.pid).toBe(fresh);
    expect(seen).toEqual(['started', 'started']);
    await program.stop();
  });

  it('S26: killed between the two, the agent leaves both, of which the next keeps the new one', async () => {
    const mark = `${folder}-between`.replaceAll('/', '-');
    const first = make(mark);
    await first.program.start();
    const old = first.program.pid ?? 0;
    await first.program.replace('never said');
    const fresh = first.program.pid ?? 0;
    const next = make(mark);
    expect(await next.program.start()).toBe('running');
    expect(next.program.pid).toBe(fresh);
    expect(identifyProcess(old)).toBeNull();
    first.program.release();
    await next.program.stop();
    expect(identifyProcess(fresh)).toBeNull();
  });

  it('that cannot run says its last words, and one that is missing its package', async () => {
    const bad = make('bad', ['sh', '-c', 'echo cannot bind >&2; exit 1', 'bad']);
    await bad.program.start();
    await bad.isSeen(2);
    expect(bad.seen[1]).toBe('ended by itself: cannot bind');
    expect(bad.program.failure).toBeNull();
    await bad.isSeen(6);
    expect(bad.program.failure).toMatch(/^3 starts in a row have failed, the last one so: ended by itself: cannot bind; it is tried again/);
    await bad.program.stop();
    expect(bad.program.failure).toBeNull();
    const missing = make('missing', ['no-such-program', 'missing']);
    await missing.program.start();
    await missing.isSeen(1);
    expect(missing.seen[0]).toContain('install the Debian package some-package');
    await missing.program.stop();
  });
});
