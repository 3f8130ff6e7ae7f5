import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Fault } from '../fault.js';
import { changeFolder, readFolder } from './program-folder.js';
import { readSysctl, writeSysctl } from './sysctl.js';
import { writeFileAtomic, writeFileDurable } from './write-file-atomic.js';

const folder = mkdtempSync(join(tmpdir(), 'manx-t-files-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('files', () => {
  it.each([
    ['at once', async (path: string, text: string): Promise<void> => writeFileAtomic(path, text, { mode: 0o640 })],
    ['durably', async (path: string, text: string): Promise<void> => writeFileDurable(path, text, { mode: 0o640 })],
  ])('are replaced whole %s, with the rights asked for, and nothing else is left', async (how, write) => {
    const path = join(folder, how, 'deep', 'file');
    await write(path, 'one');
    await write(path, 'two');
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(folder, how, 'deep'))).toEqual(['file']);
  });

  it('of a program are read back by name, half-written ones left out', () => {
    const place = join(folder, 'program');
    changeFolder(
      place,
      {
        write: new Map([
          ['a.conf', '1'],
          ['hosts/b', '2'],
          ['c', '3'],
        ]),
        remove: [],
      },
      { mode: 0o644 },
    );
    changeFolder(place, { write: new Map([['a.conf', '4']]), remove: ['c', 'never-there'] }, { mode: 0o644 });
    writeFileAtomic(join(place, '.half'), '');
    expect(readFolder(place)).toEqual(
      new Map([
        ['a.conf', '4'],
        ['hosts/b', '2'],
      ]),
    );
    expect(readFolder(join(folder, 'nowhere'))).toEqual(new Map());
  });

  it.each(['../out', '/etc/passwd', 'a/../../b', '.hidden', 'a//b', ''])(
    'a name that leads elsewhere (%j) is refused before anything is written',
    (name) => {
      const place = join(folder, 'refused');
      expect(() =>
        changeFolder(
          place,
          {
            write: new Map([
              ['fine', ''],
              [name, ''],
            ]),
            remove: [],
          },
          { mode: 0o644 },
        ),
      ).toThrow(Fault);
      expect(readFolder(place).size).toBe(0);
    },
  );
});

describe('sysctls', () => {
  it('are read without their newline; one that is not there is null', () => {
    expect(readSysctl('kernel/ostype')).toBe('Linux');
    expect(readSysctl('net/ipv4/conf/no-such-tap/forwarding')).toBeNull();
  });

  it.each(['../kernel/ostype', '/kernel/ostype', 'kernel/../../etc/passwd', 'kernel//ostype', ''])(
    'a path that leads elsewhere (%j) is refused',
    (path) => {
      expect(() => readSysctl(path)).toThrow('not a path below /proc/sys');
      expect(() => writeSysctl(path, '1')).toThrow('not a path below /proc/sys');
    },
  );

  it('a write to one that is not there says so', () => {
    expect(() => writeSysctl('net/ipv4/conf/no-such-tap/forwarding', '1')).toThrow(expect.objectContaining({ code: 'missing' }));
  });
});
