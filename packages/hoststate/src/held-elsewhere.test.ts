import type { Ip } from '@manx/ip';
import { describe, expect, it } from 'vitest';
import { heldElsewhere } from './held-elsewhere.js';
import type { Endpoint } from './host-state.js';
import { endpoint, forward, paired, stateOf } from './testing/named-states.js';

const ip = '10.65.0.2' as Ip;
const mine = (more: Partial<Endpoint>): Endpoint => ({ ...endpoint('e', []), ...more });
const own = endpoint('e', [ip]).addresses;

describe('S16: an address that somebody in the cloud has lost', () => {
  it.each<[string, Endpoint, boolean]>([
    ['nobody’s here', mine({}), true],
    ['an endpoint’s own', mine({ addresses: own }), false],
    ['that of one that is down', mine({ addresses: own, isUp: false }), false],
    ['a pair', paired(endpoint('e', []), `${ip}/32`), false],
    ['within a pair that is a prefix: not its alone', paired(endpoint('e', []), '10.65.0.0/30'), true],
    ['a floating IP', mine({ floating: [{ ip, fixed: '10.65.0.9' as Ip }] }), false],
    ['a forwarded address', mine({ forwards: [forward('f', { ip })] }), false],
    ['that of one that has moved away', mine({ addresses: own, phase: 'left' }), true],
    ['that of one that is still to come', mine({ addresses: own, phase: 'incoming' }), true],
    ['that of one that has arrived', mine({ addresses: own, phase: 'arrived' }), false],
  ])('%s', (_, here, isElsewhere) => {
    expect([...heldElsewhere([ip, '192.0.2.1' as Ip], stateOf(here))]).toEqual(isElsewhere ? [ip, '192.0.2.1'] : ['192.0.2.1']);
  });
});
