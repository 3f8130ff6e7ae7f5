import { asIp } from '@manx/ip';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipBytes } from '../netlink/ip-bytes.js';
import { parseListenerReport } from './parse-listener-report.js';

const bytes = (ip: string): number[] => [...ipBytes(asIp(ip))];
const v4 = (message: readonly number[], options: readonly number[] = [0x94, 4, 0, 0]): Buffer =>
  Buffer.from([
    0x45 + options.length / 4,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
    2,
    0,
    0,
    ...bytes('10.65.0.2'),
    ...bytes('224.0.0.22'),
    ...options,
    ...message,
  ]);
const v6Header = (next: number): number[] => [0x60, 0, 0, 0, 0, 0, next, 1, ...bytes('fe80::1'), ...bytes('ff02::16')];
const v6 = (message: readonly number[], hasOptions = true): Buffer =>
  Buffer.from([...v6Header(hasOptions ? 0 : 58), ...(hasOptions ? [58, 0, 5, 2, 0, 0, 1, 0] : []), ...message]);
const record = (type: number, group: string, sources: readonly string[] = []): number[] => [
  type,
  0,
  0,
  sources.length,
  ...bytes(group),
  ...sources.flatMap(bytes),
];

describe('S10: what an instance says that it listens to', () => {
  it.each([
    ['IGMPv1 report', v4([0x12, 0, 0, 0, ...bytes('239.1.1.1')], []), 'exclude'],
    ['IGMPv2 report', v4([0x16, 0, 0, 0, ...bytes('239.1.1.1')]), 'exclude'],
    ['IGMPv2 leave', v4([0x17, 0, 0, 0, ...bytes('239.1.1.1')]), 'include'],
  ])('%s', (_, packet, kind) => {
    expect(parseListenerReport(0x0800, packet)).toEqual([{ group: '239.1.1.1', kind, sources: [] }]);
  });

  it.each([
    ['MLDv1 report', 131, 'exclude'],
    ['MLDv1 done', 132, 'include'],
  ])('%s', (_, type, kind) => {
    const message = [type, 0, 0, 0, 0, 0, 0, 0, ...bytes('ff1e::1')];
    for (const hasOptions of [true, false]) {
      expect(parseListenerReport(0x86dd, v6(message, hasOptions))).toEqual([{ group: 'ff1e::1', kind, sources: [] }]);
    }
  });

  it('IGMPv3 and MLDv2 reports: every kind of record, without the groups of the link', () => {
    const kinds = ['include', 'exclude', 'include', 'exclude', 'allow', 'block'];
    const all = (group: string, source: string) => kinds.flatMap((_, at) => record(at + 1, group, at === 3 ? [] : [source]));
    const said4 = parseListenerReport(
      0x0800,
      v4([0x22, 0, 0, 0, 0, 0, 0, 8, ...record(4, '224.0.0.251'), ...all('239.1.1.1', '10.65.0.9'), ...record(9, '239.1.1.2')]),
    );
    expect(said4).toEqual(kinds.map((kind, at) => ({ group: '239.1.1.1', kind, sources: at === 3 ? [] : ['10.65.0.9'] })));
    const said6 = parseListenerReport(0x86dd, v6([143, 0, 0, 0, 0, 0, 0, 7, ...record(4, 'ff02::fb'), ...all('ff1e::1', 'fd00:65::9')]));
    expect(said6).toEqual(kinds.map((kind, at) => ({ group: 'ff1e::1', kind, sources: at === 3 ? [] : ['fd00:65::9'] })));
  });

  it('takes whole records only, and nothing of what is no report', () => {
    const report = [0x22, 0, 0, 0, 0, 0, 0, 2, ...record(4, '239.1.1.1'), ...record(1, '239.1.1.2', ['10.65.0.9'])];
    expect(parseListenerReport(0x0800, v4(report.slice(0, -1)))).toHaveLength(1);
    expect(parseListenerReport(0x0800, v4([0x22, 0, 0, 0, 0, 0, 0xff, 0xff]))).toEqual([]);
    expect(parseListenerReport(0x0800, v4([0x11, 0, 0, 0, ...bytes('239.1.1.1')]))).toEqual([]);
    expect(parseListenerReport(0x86dd, v4([0x16, 0, 0, 0, ...bytes('239.1.1.1')]))).toEqual([]);
  });

  it('whatever an instance sends, nothing is thrown', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0x0800, 0x86dd, 0x0806),
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(0x45, 0x4f, 0x60, 0),
        (type, packet, first) => {
          parseListenerReport(type, Buffer.from([first, ...packet]));
        },
      ),
    );
  });
});
