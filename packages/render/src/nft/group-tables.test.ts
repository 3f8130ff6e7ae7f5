import type { AddressSet, Membership } from '@manx/hoststate';
import { asCidr, asIp } from '@manx/ip';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderHost } from '../render-host.js';
import { formatTables } from '../testing/format-plan.js';
import { endpoint, SETTINGS, stateOf } from '../testing/states.js';
import { makeTestNetns, type TestNetns } from '../testing/test-netns.js';

const [a, b] = [endpoint('a', 1, { ips: ['10.65.0.2', 'fd00:65::2'] }), endpoint('b', 2, { ips: ['10.65.0.3'] })];
const member = (group: string, mode: Membership['mode'], ...sources: readonly string[]): Membership => ({
  group: asIp(group),
  mode,
  sources: sources.map(asIp),
});
const set = (id: string, ...members: readonly string[]): AddressSet => ({ kind: 'set', id, members: members.map(asIp) });
const state = stateOf([
  a,
  b,
  set('multicast-239_1_1_1', '192.0.2.1', '192.0.2.2'),
  set('multicast-239_1_1_1-10_65_0_9', '192.0.2.2', '192.0.2.3'),
  set('multicast-239_1_1_2', '192.0.2.1'),
  set('some-group', '10.65.0.2'),
]);
const memberships = new Map<string, readonly Membership[]>([
  ['a', [member('239.1.1.1', 'exclude'), member('239.1.1.3', 'include', '10.65.0.8', '10.65.0.9'), member('ff1e::1', 'exclude')]],
  ['b', [member('239.1.1.1', 'exclude', '10.65.0.7'), member('ff1e::1', 'exclude')]],
  ['gone', [member('239.1.1.1', 'exclude')]],
]);
const listening = { memberships, tunnel: 7 };
const settings = { ...SETTINGS, multicast: { address: asIp('192.0.2.1'), hosts: [asCidr('192.0.2.0/24')], port: 9776 } };

describe('S10: what is copied to whom', () => {
  const plan = renderHost(state, settings, listening);
  const [, ip4, ip6] = plan.tables;
  const rules = (name: string, table = ip4): readonly string[] | undefined => table?.chains.get(name)?.rules;

  it('to each listener here, never back to who sends, from the sources that it wants', () => {
    expect(ip4?.maps.get('groups')?.elements).toEqual(
      new Map([
        ['239.1.1.1', 'jump group-239.1.1.1'],
        ['239.1.1.3', 'jump group-239.1.1.3'],
      ]),
    );
    expect(rules('group-239.1.1.1')).toEqual([
      `iifname != "${a.ifname}" dup to 10.65.0.2 device "${a.ifname}"`,
      `iifname != "${b.ifname}" ip saddr != { 10.65.0.7 } dup to 10.65.0.3 device "${b.ifname}"`,
    ]);
    expect(rules('group-239.1.1.3')).toEqual([
      `iifname != "${a.ifname}" ip saddr { 10.65.0.8, 10.65.0.9 } dup to 10.65.0.2 device "${a.ifname}"`,
    ]);
    // An instance without an address of the family has no place to send to.
    expect(rules('group-ff1e__1', ip6)).toEqual([`iifname != "${a.ifname}" dup to fd00:65::2 device "${a.ifname}"`]);
  });

  it('to each other host once, to those that want one source from that one only, and to none that wants nothing', () => {
    expect(ip4?.maps.get('hosts')?.elements).toEqual(new Map([['239.1.1.1', 'jump hosts-239.1.1.1']]));
    expect(rules('hosts-239.1.1.1')).toEqual(['dup to 240.0.2.2 device 7', 'ip saddr { 10.65.0.9 } dup to 240.0.2.3 device 7']);
    for (const alone of [renderHost(state, SETTINGS, listening), renderHost(state, settings, { memberships, tunnel: null })]) {
      expect(alone.tables[1]?.maps.get('hosts')?.elements.size).toBe(0);
      expect(rules('group-239.1.1.1', alone.tables[1])).toHaveLength(2);
    }
  });

  it('is the same by reference while nothing of it changes', () => {
    const [once, again] = [1, 2].map(() => renderHost(state, settings, listening).tables[1]);
    expect(again).toBe(once);
  });

  let netns: TestNetns;
  beforeAll(() => {
    netns = makeTestNetns('groups');
    for (const { ifname } of [a, b])
      netns.run(['ip', 'link', 'add', ifname, 'type', 'veth', 'peer', 'name', `peer-${ifname}`.slice(0, 15)]);
  });
  afterAll(() => netns.remove());
  it('is taken by the kernel', () => {
    netns.run(['nft', '-f', '-'], { input: `flush ruleset\n${formatTables(plan.tables)}` });
  });
});
