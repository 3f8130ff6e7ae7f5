import { diffTables } from '@manx/reconcile';
import { renderHost } from '@manx/render';
import { NAMED_STATES, SETTINGS, stateOf } from '@manx/render/testing/states';
import { afterAll, expect, it } from 'vitest';
import { openLibnftables } from '../nftables/libnftables.js';
import { openRtnetlink } from '../rtnetlink/open-rtnetlink.js';
import { makeTestNetns } from '../testing/test-netns.js';
import { readCounters } from './read-counters.js';

const netns = makeTestNetns('kn-counters');
const ports = netns.inside(() => ({ nftables: openLibnftables(), rtnetlink: openRtnetlink() }));
const { nftables } = ports;
afterAll(async () => {
  await nftables.close();
  ports.rtnetlink.close();
  netns.remove();
});

it('drops are read by tap and reason, rules by id, from all tables; nothing where there are none', async () => {
  expect(await readCounters(ports)).toEqual({ drops: [], rules: new Map() });
  // The netdev chains are of taps that are not there.
  const tables = renderHost(NAMED_STATES.get('web-and-db') ?? stateOf([]), SETTINGS).tables.filter(({ family }) => family !== 'netdev');
  await nftables.apply(diffTables([], tables));
  const element = (family: string, set: string, tap: string, packets: number): string =>
    `add element ${family} manx ${set} { "${tap}" counter packets ${packets} bytes ${packets * 100} }`;
  await nftables.apply(
    [
      element('inet', 'drop-source', 'tapb', 3),
      element('inet', 'drop-unknown-tap', 'tapx', 2),
      element('arp', 'drop-unknown-tap', 'tapx', 5),
      element('arp', 'drop-arp', 'tapa', 1),
    ].join('\n'),
  );
  const { drops, rules } = await readCounters(ports);
  expect(drops.map(({ at, reason, packets, bytes }) => [at, reason, packets, bytes])).toEqual([
    ['tapa', 'arp', 1, 100],
    ['tapb', 'source', 3, 300],
    ['tapx', 'unknown-tap', 7, 700],
  ]);
  expect(rules.size).toBe(14);
  expect(rules.get('i1')).toEqual({ packets: 0, bytes: 0 });
});
