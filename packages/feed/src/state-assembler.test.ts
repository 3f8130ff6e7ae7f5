import { emptyHostState, type HostDelta, type HostState } from '@manx/hoststate';
import { describe, expect, it } from 'vitest';
import type { FeedMessage } from './messages.js';
import { parseFeedMessage } from './parse-message.js';
import { sampleIp, sampleSet, stateOfSets } from './sample-cloud.js';
import { StateAssembler } from './state-assembler.js';

const begin: FeedMessage = { type: 'begin', revision: 5 };
const put: FeedMessage = { type: 'put', object: sampleSet('s', 1) };
const inSync: FeedMessage = { type: 'in-sync', revision: 5 };
const join: HostDelta = { deletes: [], puts: [], rules: [], members: [{ set: 's', add: [sampleIp(2)], remove: [] }] };
const delta: FeedMessage = { type: 'delta', revision: 6, delta: join };
const heartbeat: FeedMessage = { type: 'heartbeat', revision: 6 };

const kinds = (messages: readonly FeedMessage[], held: { revision: number; state: HostState } | null = null): string[] => {
  const assembler = new StateAssembler(held);
  return messages.map((message) => {
    const result = assembler.take(message);
    return 'kind' in result ? result.kind : result.code;
  });
};

describe('messages become host states', () => {
  it('a snapshot is handed out at its end, whole; a change with the state after it', () => {
    const assembler = new StateAssembler(null);
    expect([begin, put].map((message) => assembler.take(message))).toEqual([{ kind: 'partial' }, { kind: 'partial' }]);
    expect(assembler.take(inSync)).toEqual({ kind: 'state', revision: 5, state: stateOfSets(sampleSet('s', 1)) });
    expect(assembler.take(delta)).toEqual({ kind: 'delta', revision: 6, delta: join, state: stateOfSets(sampleSet('s', 2)) });
  });

  it('an empty snapshot is a state as well', () => {
    expect(kinds([begin, inSync])).toEqual(['partial', 'state']);
  });

  it('a held state is resumed at its own revision only', () => {
    const held = { revision: 5, state: stateOfSets(sampleSet('s', 1)) };
    expect(kinds([inSync, delta, heartbeat], held)).toEqual(['resumed', 'delta', 'revision']);
    expect(kinds([inSync], { revision: 4, state: emptyHostState })).toEqual(['feed-out-of-order']);
    expect(kinds([inSync])).toEqual(['feed-out-of-order']);
  });

  it('a second snapshot within a session replaces the state at its end', () => {
    const again: FeedMessage[] = [
      { type: 'begin', revision: 9 },
      { type: 'put', object: sampleSet('t', 1) },
      { type: 'in-sync', revision: 9 },
    ];
    const assembler = new StateAssembler(null);
    const results = [begin, put, inSync, ...again].map((message) => assembler.take(message));
    expect(results.at(-1)).toEqual({ kind: 'state', revision: 9, state: stateOfSets(sampleSet('t', 1)) });
  });

  const disorder: readonly (readonly [why: string, messages: readonly FeedMessage[]])[] = [
    ['an object outside a snapshot', [put]],
    ['an object after the end', [begin, inSync, put]],
    ['a snapshot within another', [begin, begin]],
    ['an object twice', [begin, put, put]],
    ['an end at another revision', [begin, { type: 'in-sync', revision: 6 }]],
    ['an end after the end', [begin, inSync, inSync]],
    ['a change before the end', [begin, put, delta]],
    ['a change before anything', [delta]],
    ['a heartbeat before anything', [heartbeat]],
    ['a change within a second snapshot', [begin, put, inSync, { type: 'begin', revision: 6 }, delta]],
    ['a change at the same revision', [begin, put, inSync, { ...delta, revision: 5 }]],
    ['a heartbeat of the past', [begin, inSync, { type: 'heartbeat', revision: 4 }]],
  ];
  it.each(disorder)('%s ends the session', (_, messages) => {
    expect(kinds(messages).at(-1)).toBe('feed-out-of-order');
  });

  it('a change that does not fit the state ends the session', () => {
    expect(kinds([begin, inSync, delta])).toEqual(['partial', 'state', 'delta-does-not-fit']);
  });
});

describe('lines become messages', () => {
  it('every message is read as it was written', () => {
    for (const message of [begin, put, inSync, delta, heartbeat]) expect(parseFeedMessage(JSON.stringify(message))).toEqual(message);
  });

  it.each([
    'not JSON',
    '',
    'null',
    '[]',
    '{"type":"begin"}',
    '{"type":"begin","revision":"5"}',
    '{"type":"begin","revision":5,"more":1}',
    '{"type":"constructor","revision":5}',
    '{"type":"put","object":{"kind":"set","id":"s","members":["10.0.0.2","10.0.0.1"]}}',
    '{"type":"put","object":{"kind":"set","id":"s","members":["010.0.0.2"]}}',
    '{"type":"put","object":{"kind":"set","id":"s","members":[],"more":1}}',
    '{"type":"delta","revision":5,"delta":{"deletes":[],"puts":[]}}',
    '{"type":"delta","revision":5,"delta":null}',
  ])('%s is malformed', (line) => {
    expect(parseFeedMessage(line)).toMatchObject({ code: 'malformed' });
  });
});
