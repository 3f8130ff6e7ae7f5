import { asIp } from '@manx/ip';
import { PICKED_UP_MARK } from '@manx/render';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTestNetns } from '../testing/test-netns.js';
import { openConntrack } from './open-conntrack.js';

const netns = makeTestNetns('kn-ct');
const conntrack = netns.inside(openConntrack);

beforeAll(() => {
  const mark = `ip daddr 127.0.0.11 ct mark set ${PICKED_UP_MARK}`;
  netns.exec('nft', `table inet t { chain c { type filter hook output priority 0; ${mark}\nct state new accept\n}\n}`);
  for (const ip of ['127.0.0.1', '127.0.0.9', '::1']) netns.exec('ping', '-c', '1', '-W', '1', ip);
});
afterAll(() => {
  conntrack.close();
  netns.remove();
});

const ips = (...texts: readonly string[]): ReadonlySet<ReturnType<typeof asIp>> => new Set(texts.map(asIp));

describe('tracked flows', () => {
  it('are found by source or destination, each once, in both families', () => {
    expect(conntrack.flows(ips('127.0.0.9')).map(({ flow }) => flow)).toMatchObject([
      { protocol: 1, source: '127.0.0.1', destination: '127.0.0.9', sport: null, dport: null, icmp: { type: 8, code: 0 } },
    ]);
    expect(conntrack.flows(ips('127.0.0.1')).length).toBe(2);
    expect(conntrack.flows(ips('::1')).map(({ flow }) => flow)).toMatchObject([{ protocol: 58, icmp: { type: 128 } }]);
    expect(conntrack.flows(ips('192.0.2.1'))).toEqual([]);
    expect(conntrack.flows(new Set())).toEqual([]);
  });

  it('S16: those that were picked up in the middle are told from others', () => {
    netns.exec('ping', '-c', '1', '-W', '1', '127.0.0.11');
    const found = (ip: string): unknown => conntrack.flows(ips(ip)).map(({ flow }) => flow.isPickedUp);
    expect([found('127.0.0.11'), found('127.0.0.9')]).toEqual([[true], [undefined]]);
    expect(conntrack.forget(conntrack.flows(ips('127.0.0.11')))).toEqual([null]);
  });

  it('where there are many flows the kernel filters few addresses, and many are looked for in all: the answer is the same', () => {
    const found = (): readonly unknown[] =>
      conntrack
        .flows(ips('127.0.0.9', '::1'))
        .map(({ flow }) => JSON.stringify(flow))
        .sort();
    const before = found();
    expect(before.length).toBe(2);
    // More than are read as a whole.
    const script = `const s = require('dgram').createSocket('udp4'); let n = 0;
      s.bind(0, '127.0.0.5', () => { for (let p = 1; p <= 600; p++) s.send('x', 20000 + p, '127.0.0.7', () => { if (++n === 600) s.close(); }); });`;
    netns.exec(process.execPath, '-e', script);
    expect(conntrack.flows(ips('127.0.0.7')).length).toBe(600);
    expect(found()).toEqual(before);
    const many = ips('127.0.0.9', '192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4');
    expect(conntrack.flows(many).map(({ flow }) => flow)).toEqual(conntrack.flows(ips('127.0.0.9')).map(({ flow }) => flow));
  });

  it('S16: a flow that is forgotten is gone, others stay, and forgetting it again is fine', () => {
    const flows = conntrack.flows(ips('127.0.0.9'));
    expect(conntrack.forget(flows)).toEqual([null]);
    expect(conntrack.forget(flows)).toEqual([null]);
    expect(conntrack.flows(ips('127.0.0.9'))).toEqual([]);
    expect(conntrack.flows(ips('127.0.0.1')).length).toBe(1);
  });
});
