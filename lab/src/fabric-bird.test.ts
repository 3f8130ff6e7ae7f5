import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Originated, renderFabricBird } from './fabric-bird.js';
import { layoutOf, outsideAddress4, outsideAddress6, outsideNetwork4, outsideNetwork6, type Router } from './layout.js';

const golden = new URL('../golden/', import.meta.url);

/** Compares with the file, or writes it when MANX_GOLDEN=write: look at the difference before it is committed. */
const expectGolden = (name: string, text: string): void => {
  const file = new URL(name, golden);
  if (process.env['MANX_GOLDEN'] === 'write') {
    mkdirSync(golden, { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, 'utf8'));
};

const layout = layoutOf(['h1', 'node-2.rack']);
const nothing: Originated = { prefixes4: [], prefixes6: [] };
const world: Originated = {
  prefixes4: ['0.0.0.0/0', outsideNetwork4],
  prefixes6: ['::/0', outsideNetwork6],
  source4: outsideAddress4,
  source6: outsideAddress6,
};

/** BIRD's own opinion (`bird -p` parses and ends); throws what it complains of. */
const parsedByBird = (text: string): void => {
  const folder = mkdtempSync(join(tmpdir(), 'manx-t-fabric-'));
  try {
    writeFileSync(join(folder, 'bird.conf'), text);
    execFileSync('bird', ['-p', '-c', join(folder, 'bird.conf')], { stdio: 'pipe' });
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const sessionsOf = (text: string): string[] => [...text.matchAll(/^protocol bgp (\S+) /gm)].map(([, name]) => name ?? '');

describe('the configuration of a fabric router', () => {
  it('the outside: the default route and its own network, a session a family with each top-of-rack router', () => {
    expectGolden('bird-out.conf', renderFabricBird(layout.outside, world));
  });

  it.each([...layout.tors, layout.outside].map((router): [string, Router] => [router.name, router]))(
    '%s: BIRD itself takes it',
    (_, router) => {
      expect(() => parsedByBird(renderFabricBird(router, nothing))).not.toThrow();
      expect(() => parsedByBird(renderFabricBird(router, world))).not.toThrow();
    },
  );

  it('a top-of-rack router has a session a family with every host and the outside, whatever characters their names have', () => {
    const [tor] = layout.tors;
    expect(sessionsOf(tor === undefined ? '' : renderFabricBird(tor, nothing))).toEqual([
      'to_out_v4',
      'to_out_v6',
      'to_h1_v4',
      'to_h1_v6',
      'to_node_2_rack_v4',
      'to_node_2_rack_v6',
    ]);
  });
});
