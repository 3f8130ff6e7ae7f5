import { readSeenPacket } from '@manx/hoststate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseStatusReport } from './parse-status.js';

const endpoint = { id: 'port-1', state: 'up', revision: 7, problem: null };
const agent = {
  version: '0.1.0',
  startedAt: '2024-02-29T12:00:00.5Z',
  physicalNetworks: [],
  bgp: [{ name: 'tor1', state: 'Established' }],
  problems: [],
  multicast: null,
  listeners: [],
  drift: { repairs: 0, lastAt: null, last: null },
};
const drop = { endpoint: null, at: 'tap1', reason: 'source', packets: 2, bytes: 90, rate: 0.5, firstAgeMs: 9, lastAgeMs: 1 };
const packet = { kind: 'ip', source: '::1', destination: '::2', protocol: 6, sport: 1, dport: 22, icmp: null, tcpFlags: 2, length: 60 };
const sample = { number: 1, endpoint: 'p', at: 'tap1', reason: 'source', mac: 'fa:16:3e:00:00:01', packet, ageMs: 3 };
const event = { number: 1, endpoint: 'p', direction: 'ingress', reason: null, logs: ['l'], policy: 'g', rule: 'r', packet, ageMs: 3 };
const report = {
  run: 'run-1',
  revision: 7,
  isFull: true,
  endpoints: [endpoint],
  claims: [{ endpoint: 'p', ip: '10.0.0.9', ageMs: 5 }],
  drops: [drop],
  samples: [sample],
  events: [event],
  agent,
};

const parse = (value: unknown) => parseStatusReport(JSON.stringify(value));

describe('a report from a host is not trusted', () => {
  it('a right one comes back as it is', () => {
    expect(parse(report)).toEqual(report);
    expect(parse({ ...report, agent: null, endpoints: [] })).toEqual({ ...report, agent: null, endpoints: [] });
  });

  const withGroups = (groups: readonly object[], address = '192.0.2.1'): object => ({
    ...report,
    agent: { ...agent, multicast: { address, groups } },
  });

  const listener = { endpoint: 'p1', group: '239.1.1.1', mode: 'include', sources: ['10.65.0.2'] };
  const withListeners = (...listeners: readonly object[]): object => ({ ...report, agent: { ...agent, listeners } });

  it('S10: takes which instances listen to what', () => {
    const said = withListeners(listener, { ...listener, group: 'ff3e::1', mode: 'exclude', sources: [] });
    expect(parse(said)).toEqual(said);
  });

  it('S10: takes what a host listens to', () => {
    const said = withGroups([
      { group: '239.1.1.1', source: null },
      { group: 'ff3e::1', source: 'fd00:65::2' },
    ]);
    expect(parse(said)).toEqual(said);
  });

  const wrong: readonly (readonly [why: string, value: unknown, where: string])[] = [
    ['a list', [], 'report'],
    ['null', null, 'report'],
    ['an unknown field', { ...report, host: 'h2' }, 'report'],
    ['an own field called __proto__', JSON.parse('{"__proto__": {"run": "x"}}'), 'report'],
    ['a missing field', { ...report, run: undefined }, 'report.run'],
    ['a run that is a path', { ...report, run: '../x' }, 'report.run'],
    ['a revision below 0', { ...report, revision: -1 }, 'report.revision'],
    ['a revision that is no integer', { ...report, revision: 1.5 }, 'report.revision'],
    ['a revision beyond what a number can count', { ...report, revision: 2 ** 53 }, 'report.revision'],
    ['a flag that is text', { ...report, isFull: 'true' }, 'report.isFull'],
    ['an unknown state', { ...report, endpoints: [{ ...endpoint, state: 'ACTIVE' }] }, 'report.endpoints[0].state'],
    ['an unknown field of an endpoint', { ...report, endpoints: [{ ...endpoint, host: 'h2' }] }, 'report.endpoints[0]'],
    ['an id that is not one', { ...report, endpoints: [{ ...endpoint, id: 'a/b' }] }, 'report.endpoints[0].id'],
    ['a problem of a novel', { ...report, endpoints: [{ ...endpoint, problem: 'x'.repeat(1001) }] }, 'report.endpoints[0].problem'],
    ['an endpoint twice', { ...report, endpoints: [endpoint, endpoint] }, 'report.endpoints'],
    [
      'too many endpoints',
      { ...report, endpoints: Array.from({ length: 10_001 }, (_, n) => ({ ...endpoint, id: `p${n}` })) },
      'report.endpoints',
    ],
    ['a drop for a reason of its own', { ...report, drops: [{ ...drop, reason: 'toString' }] }, 'report.drops[0].reason'],
    ['a drop at what could not be shown', { ...report, drops: [{ ...drop, at: 'a\u001B[2J' }] }, 'report.drops[0].at'],
    ['half a packet', { ...report, drops: [{ ...drop, packets: 0.5 }] }, 'report.drops[0].packets'],
    ['a rate below 0', { ...report, drops: [{ ...drop, rate: -1 }] }, 'report.drops[0].rate'],
    ['too many drops', { ...report, drops: Array.from({ length: 2_001 }, () => drop) }, 'report.drops'],
    ['a sample of a reason of its own', { ...report, samples: [{ ...sample, reason: 'constructor' }] }, 'report.samples[0].reason'],
    ['a sample from a MAC that is none', { ...report, samples: [{ ...sample, mac: 'FA:16:3E:00:00:01' }] }, 'report.samples[0].mac'],
    ['a packet of no kind', { ...report, samples: [{ ...sample, packet: { kind: 'toString' } }] }, 'report.samples[0].packet'],
    ['a packet with more in it', { ...report, samples: [{ ...sample, packet: { ...packet, payload: 'x' } }] }, 'report.samples[0].packet'],
    [
      'a packet from nowhere',
      { ...report, samples: [{ ...sample, packet: { ...packet, source: 'a' } }] },
      'report.samples[0].packet.source',
    ],
    ['a port beyond all', { ...report, samples: [{ ...sample, packet: { ...packet, dport: 65_536 } }] }, 'report.samples[0].packet.dport'],
    ['too many samples', { ...report, samples: Array.from({ length: 1_001 }, () => sample) }, 'report.samples'],
    ['a logged packet that goes nowhere', { ...report, events: [{ ...event, direction: 'both' }] }, 'report.events[0].direction'],
    ['a logged packet for a reason of its own', { ...report, events: [{ ...event, reason: 'toString' }] }, 'report.events[0].reason'],
    ['a logged packet of a log that is none', { ...report, events: [{ ...event, logs: ['a b'] }] }, 'report.events[0].logs[0]'],
    ['too many logs', { ...report, events: [{ ...event, logs: Array.from({ length: 17 }, () => 'l') }] }, 'report.events[0].logs'],
    ['too many logged packets', { ...report, events: Array.from({ length: 2_001 }, () => event) }, 'report.events'],
    ['a physical network without a name', { ...report, agent: { ...agent, physicalNetworks: [''] } }, 'report.agent.physicalNetworks[0]'],
    ['an end of tunnels in IPv6', withGroups([], 'fd00::1'), 'report.agent.multicast.address'],
    ['a group of the link', withGroups([{ group: '224.0.0.5', source: null }]), 'report.agent.multicast.groups[0]'],
    ['a group that is an instance', withGroups([{ group: '10.65.0.2', source: null }]), 'report.agent.multicast.groups[0]'],
    ['a source of another family', withGroups([{ group: '239.1.1.1', source: 'fd00::1' }]), 'report.agent.multicast.groups[0]'],
    [
      'too many groups',
      withGroups(Array.from({ length: 4_001 }, () => ({ group: '239.1.1.1', source: null }))),
      'report.agent.multicast.groups',
    ],
    ['a listener to the link', withListeners({ ...listener, group: 'ff02::1', sources: [] }), 'report.agent.listeners[0]'],
    ['a listener to sources of another family', withListeners({ ...listener, sources: ['fd00::1'] }), 'report.agent.listeners[0]'],
    ['a listener in another way', withListeners({ ...listener, mode: 'block' }), 'report.agent.listeners[0].mode'],
    [
      'a listener with too many sources',
      withListeners({ ...listener, sources: Array.from({ length: 65 }, () => '10.65.0.2') }),
      'report.agent.listeners[0].sources',
    ],
    ['too many listeners', withListeners(...Array.from({ length: 2_001 }, () => listener)), 'report.agent.listeners'],
    ['an agent without a start', { ...report, agent: { ...agent, startedAt: 'yesterday' } }, 'report.agent.startedAt'],
    ['an unknown field of the agent', { ...report, agent: { ...agent, host: 'h2' } }, 'report.agent'],
    ['a peer without a name', { ...report, agent: { ...agent, bgp: [{ name: '', state: 'up' }] } }, 'report.agent.bgp[0].name'],
  ];
  it.each(wrong)('%s is refused, and the place is named', (_, value, where) => {
    const problem = parse(value);
    expect(problem).toMatchObject({ code: 'malformed', subject: 'report' });
    expect((problem as { detail: string }).detail.startsWith(`${where}:`), JSON.stringify(problem)).toBe(true);
  });

  it('whatever a host has seen can be told', () => {
    const heads = ['', '450000540001000040060000', '60000000002011400000', '0001080006040001'].map((hex) => Buffer.from(hex, 'hex'));
    const bytes = fc.tuple(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 128 })).map((parts) => Buffer.concat(parts));
    fc.assert(
      fc.property(fc.constantFrom(0x0800, 0x0806, 0x86dd, 0xffff), bytes, (etherType, frame) => {
        const samples = [{ ...sample, packet: readSeenPacket(etherType, frame) }];
        expect(parse({ ...report, samples })).toEqual({ ...report, samples });
      }),
    );
  });

  it('text that is no JSON is refused', () => {
    for (const text of ['', '{', 'NaN', `${JSON.stringify(report)}x`]) expect(parseStatusReport(text)).toMatchObject({ code: 'malformed' });
  });
});
