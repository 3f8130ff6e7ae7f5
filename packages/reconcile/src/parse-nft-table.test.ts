import { describe, expect, it } from 'vitest';
import { parseNftTable } from './parse-nft-table.js';

const table = { table: { family: 'inet', name: 'manx', handle: 1 } };
const read = (...items: readonly unknown[]) => parseNftTable({ nftables: [{ metainfo: { version: '1.0.6' } }, table, ...items] });

describe('the answer of nft', () => {
  it.each([null, undefined, 7, 'no', {}, { nftables: 3 }, { nftables: [] }, { nftables: [{ table: { family: 'bridge', name: 'manx' } }] }])(
    'is no table of ours: %j',
    (json) => {
      expect(parseNftTable(json)).toBeNull();
    },
  );

  it('gives chains with the marks of their rules, and null for a rule that has none', () => {
    const chain = { chain: { family: 'inet', table: 'manx', name: 'c', handle: 1 } };
    const rule = (comment?: string) => ({ rule: { chain: 'c', expr: [], ...(comment === undefined ? {} : { comment }) } });
    expect(read(chain, rule('a'), rule(), rule('b'))?.chains.get('c')).toEqual({ hook: null, marks: ['a', null, 'b'] });
  });

  it('gives the hook of a base chain, and never takes one on a device for ours', () => {
    const base = { name: 'c', type: 'filter', hook: 'input', prio: -5, policy: 'drop' };
    expect(read({ chain: base })?.chains.get('c')?.hook).toEqual({ type: 'filter', hook: 'input', priority: -5, policy: 'drop' });
    expect(read({ chain: { ...base, dev: 'eth0' } })?.chains.get('c')?.hook?.hook).not.toBe('input');
  });

  it('gives elements as they were written: interface names in quotes, addresses in canonical form, verdicts', () => {
    const set = {
      set: {
        name: 's',
        type: ['ifname', 'ether_addr', 'ipv6_addr'],
        elem: [{ concat: ['tap1', '02:00:00:00:00:01', '::ffff:192.0.2.1'] }],
      },
    };
    const map = {
      map: {
        name: 'm',
        type: 'ifname',
        map: 'verdict',
        elem: [
          ['tap1', { goto: { target: 'x' } }],
          ['tap2', { drop: null }],
        ],
      },
    };
    const prefixes = {
      set: {
        name: 'p',
        type: 'ipv4_addr',
        flags: ['interval'],
        elem: [{ prefix: { addr: '10.0.0.0', len: 8 } }, { range: ['192.0.2.1', '192.0.2.5'] }],
      },
    };
    const seen = read(set, map, prefixes);
    expect([...(seen?.sets.get('s')?.elements ?? [])]).toEqual(['"tap1" . 02:00:00:00:00:01 . ::ffff:192.0.2.1']);
    expect([...(seen?.maps.get('m')?.elements ?? [])]).toEqual([
      ['"tap1"', 'goto x'],
      ['"tap2"', 'drop'],
    ]);
    expect(seen?.sets.get('p')).toEqual({ shape: 'ipv4_addr | interval', elements: new Set(['10.0.0.0/8', '192.0.2.1-192.0.2.5']) });
    expect(seen?.isStrange).toBe(false);
  });

  it.each([
    ['a flowtable', { flowtable: { name: 'f' } }],
    ['a rule of a chain that was not named', { rule: { chain: 'nowhere', expr: [] } }],
    ['an element with a timeout', { set: { name: 's', type: 'ipv4_addr', elem: [{ elem: { val: '10.0.0.1', timeout: 5 } }] } }],
    ['an element with too many fields', { set: { name: 's', type: 'ipv4_addr', elem: [{ concat: ['10.0.0.1', 5] }] } }],
    ['a map element without a value', { map: { name: 'm', type: 'ifname', map: 'verdict', elem: ['tap1'] } }],
    ['something that is no object', 5],
  ])('makes the table strange, to be written anew, when it holds %s', (_, item) => {
    expect(read(item)?.isStrange).toBe(true);
  });

  it('gives another shape to a set with anything that we never set', () => {
    expect(read({ set: { name: 's', type: 'ipv4_addr', timeout: 60 } })?.sets.get('s')?.shape).not.toBe('ipv4_addr');
  });
});
