import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint } from '@manx/hoststate';
import { afterAll, expect, it } from 'vitest';
import { openLog } from './agent-log.js';
import { ListenerKeeper } from './listener-keeper.js';
import { endpoint, SUBNET, stateOf } from './testing/test-states.js';

const stateDir = mkdtempSync(join(tmpdir(), 'manx-t-listeners-'));
/** The interfaces that were asked, one after another. */
const asked: number[] = [];
const keeper = new ListenerKeeper({
  stateDir,
  log: openLog('error'),
  everySeconds: 60,
  address: null,
  sender: { send: (index) => asked.push(index), close: () => undefined },
  tunnel: { sync: () => ({ index: null, changes: 0 }), close: () => undefined },
  indexOf: () => 7,
  onChange: () => undefined,
  onNews: () => undefined,
});
afterAll(() => {
  keeper.close();
  rmSync(stateDir, { recursive: true });
});

/** How often the tap is asked when its endpoint is found programmed in this phase. */
const queriesIn = (phase: Endpoint['phase']): number => {
  const before = asked.length;
  keeper.settle(stateOf(SUBNET, { ...endpoint(1), phase }), new Map());
  keeper.found(new Set([endpoint(1).id]));
  return asked.length - before;
};

it('S10: an instance is asked what it listens to when it has come by live migration, and not before', () => {
  expect(queriesIn('incoming')).toBe(0);
  expect(queriesIn('arrived')).toBeGreaterThan(0);
  expect(queriesIn('arrived')).toBe(0);
  expect(queriesIn('home')).toBe(0);
  expect(queriesIn('left')).toBe(0);
  expect(queriesIn('home')).toBeGreaterThan(0);
});
