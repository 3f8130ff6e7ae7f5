import { describe, expect, it } from 'vitest';
import { diagnose } from './diagnose.js';
import { readForeignChain, readLegacyForward } from './foreign-chain.js';
import type { HostSurvey, UplinkFact } from './host-survey.js';

const UPLINK: UplinkFact = { ifname: 'eth0', mtu: 1500, families: [4, 6], isForwarding: { 4: true, 6: true }, rpFilter: 2 };
const WELL: HostSurvey = {
  conntrack: { used: 100, limit: 262_144 },
  neighbours: { 4: { used: 3, limit: 1024 }, 6: null },
  memory: { used: 2 ** 30, limit: 2 ** 34 },
  uplinks: [UPLINK],
  tapMtus: new Map([['tap1', 1500]]),
  tapQdiscs: new Map([['tap1', 'fq_codel']]),
  foreignChains: [],
  missingFeatures: [],
};
const MTUS = new Map([['tap1', 1500]]);
const codes = (change: Partial<HostSurvey>): readonly string[] => diagnose({ ...WELL, ...change }, MTUS).map(({ code }) => code);

describe('diagnose', () => {
  it('a host that is well, or of which nothing is known, has no problem', () => {
    expect(codes({})).toEqual([]);
    const nothing = {
      conntrack: null,
      neighbours: { 4: null, 6: null },
      memory: null,
      uplinks: [],
      tapMtus: new Map<string, number>(),
      tapQdiscs: new Map<string, string>(),
      foreignChains: [],
      missingFeatures: [],
    };
    expect(diagnose(nothing, new Map())).toEqual([]);
    expect(diagnose(nothing, MTUS)).toEqual([]);
  });

  it.each<readonly [string, Partial<HostSurvey>]>([
    ['conntrack_full', { conntrack: { used: 210_000, limit: 262_144 } }],
    ['neighbours_full', { neighbours: { 4: null, 6: { used: 1000, limit: 1024 } } }],
    ['memory_low', { memory: { used: 98, limit: 100 } }],
    ['uplink_mtu', { uplinks: [{ ...UPLINK, mtu: 1450 }] }],
    ['uplink_forwarding', { uplinks: [{ ...UPLINK, isForwarding: { 4: true, 6: false } }] }],
    ['uplink_rp_filter', { uplinks: [{ ...UPLINK, rpFilter: 1 }] }],
    ['tap_qdisc', { tapQdiscs: new Map([['tap1', 'netem']]) }],
    ['feature_missing', { missingFeatures: [{ feature: 'sch_tbf', lost: 'no limits' }] }],
    ['tap_mtu', { tapMtus: new Map([['tap1', 1400]]) }],
  ])('%s is said before it bites, with what to do', (code, change) => {
    const problems = diagnose({ ...WELL, ...change }, MTUS);
    expect(problems.map((problem) => problem.code)).toEqual([code]);
    expect(problems[0]?.detail).toMatch(/Raise|Move|Set|plug|Remove|Install/);
  });

  it('what the kernel does not tell of an uplink, or a family that does not use it, is no problem', () => {
    expect(codes({ uplinks: [{ ...UPLINK, isForwarding: { 4: null, 6: null }, rpFilter: null }] })).toEqual([]);
    expect(codes({ uplinks: [{ ...UPLINK, families: [6], isForwarding: { 4: false, 6: true }, rpFilter: 1 }] })).toEqual([]);
  });
});

/** As libnftables-json(5) has it. */
const chain = (
  policy: string,
  ...rules: readonly (readonly object[])[]
): readonly Readonly<Record<string, Readonly<Record<string, unknown>>>>[] => [
  { chain: { family: 'ip', table: 'filter', name: 'FORWARD', hook: 'forward', type: 'filter', prio: 0, policy } },
  ...rules.map((expr) => ({ rule: { family: 'ip', table: 'filter', chain: 'FORWARD', expr } })),
];
const on = (key: string, name: string): object => ({ match: { op: '==', left: { meta: { key } }, right: name } });
const [ACCEPT, DROP, COUNTER, JUMP] = [{ accept: null }, { drop: null }, { counter: { packets: 1, bytes: 2 } }, { jump: { target: 'x' } }];

describe('rules of others', () => {
  it.each<readonly [string, string, ReturnType<typeof chain>]>([
    ['drops', 'policy drop', chain('drop')],
    ['passes', 'policy accept', chain('accept', [COUNTER, JUMP])],
    ['drops', 'a rule that drops every packet', chain('accept', [on('iifname', 'eth1'), ACCEPT], [COUNTER, { reject: { type: 'icmpx' } }])],
    ['passes', 'a rule that accepts every packet', chain('drop', [COUNTER, ACCEPT], [DROP])],
    ['passes', 'a rule that accepts taps', chain('drop', [on('iifname', 'tap*'), COUNTER, ACCEPT])],
    ['drops', 'a rule that drops taps', chain('accept', [on('oifname', 'tap*'), DROP])],
    ['drops', 'policy drop', chain('drop', [on('iifname', 'docker0'), ACCEPT], [JUMP])],
  ])('%s by %s', (verdict, because, objects) => {
    expect(readForeignChain(objects)).toMatchObject({ verdict, because });
  });

  it('a chain of ours, one that sees no instance’s packet, and one that is gone are none', () => {
    expect(readForeignChain([{ chain: { family: 'inet', table: 'manx', name: 'input', hook: 'input', policy: 'accept' } }])).toBeNull();
    expect(readForeignChain([{ chain: { family: 'inet', table: 'a', name: 'b', hook: 'postrouting', policy: 'drop' } }])).toBeNull();
    expect(readForeignChain([{ chain: { family: 'inet', table: 'a', name: 'b' } }])).toBeNull();
    expect(readForeignChain([])).toBeNull();
  });

  it.each([
    ['-P FORWARD ACCEPT\n', 'passes', 'policy accept'],
    ['-P FORWARD DROP\n-A FORWARD -i docker0 -j ACCEPT\n', 'drops', 'policy drop'],
    ['-P FORWARD DROP\n-A FORWARD -i tap+ -j ACCEPT\n', 'passes', 'a rule that accepts taps'],
    ['-P FORWARD ACCEPT\n-A FORWARD -j REJECT --reject-with icmp-host-prohibited\n', 'drops', 'a rule that drops every packet'],
  ])('legacy iptables: %j %s by %s', (text, verdict, because) => {
    expect(readLegacyForward('ip', text)).toMatchObject({ verdict, because });
  });

  it('one that drops is named by its table and chain, with what to do', () => {
    const found = readForeignChain(chain('drop'));
    expect(diagnose({ ...WELL, foreignChains: found === null ? [] : [found] }, MTUS)).toEqual([
      {
        code: 'foreign_rules',
        subject: 'chain FORWARD of table ip filter',
        detail: 'policy drop (hook forward) drops what instances send and receive; accept interfaces "tap*" there, both ways, or remove it',
      },
    ]);
  });
});
