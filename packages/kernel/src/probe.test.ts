import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { formatLacks } from './probe.js';
import { makeTestNetns } from './testing/test-netns.js';

const PROBE = `const { probe } = await import(${JSON.stringify(fileURLToPath(new URL('probe.js', import.meta.url)))}); console.log(JSON.stringify(await probe()));`;
const probeWith = (...before: readonly string[]): unknown => {
  const netns = makeTestNetns('kn-probe');
  try {
    const args = ['netns', 'exec', netns.name, ...before, process.execPath, '--input-type=module', '-e', PROBE];
    const said = execFileSync('ip', args, { encoding: 'utf8' });
    expect(netns.exec('nft', 'list', 'tables')).toBe('');
    return JSON.parse(said) as unknown;
  } finally {
    netns.remove();
  }
};

describe('feature probes', () => {
  it('find nothing lacking here, and change nothing', () => {
    expect(probeWith()).toEqual([]);
  });

  it('say no more than that without the rights', () => {
    expect(probeWith('setpriv', '--bounding-set', '-net_admin')).toMatchObject([{ code: 'no-root' }]);
  });

  it('are told in one paragraph', () => {
    const lacks = [
      { code: 'program', subject: 'bird', detail: 'not found; install the Debian package bird2' },
      { code: 'kernel', subject: 'IPv6', detail: 'this kernel does not have it' },
    ] as const;
    expect(formatLacks(lacks)).toBe(
      'This host cannot run the Manx agent: bird: not found; install the Debian package bird2; IPv6: this kernel does not have it.',
    );
  });
});
