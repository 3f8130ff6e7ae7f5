import { spawn } from 'node:child_process';
import { once } from 'node:events';
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

  it('live: an open connection goes on translated to another destination, and back; what has ended is not brought back', async () => {
    const ip = '127.0.0.13';
    // Holds both ends of a connection open, until it is told to stop.
    const script = `const net = require('net'); const server = net.createServer().listen(7001, '${ip}', () =>
      net.connect({ port: 7001, host: '${ip}', localAddress: '127.0.0.12' }).on('connect', () => console.log('open')));`;
    const child = spawn('ip', ['netns', 'exec', netns.name, process.execPath, '-e', script]);
    try {
      await once(child.stdout, 'data');
      const find = () => conntrack.flows(ips(ip)).filter(({ flow }) => flow.protocol === 6);
      const [tracked] = find();
      if (tracked === undefined) throw new Error('no such connection is tracked');
      expect(tracked.flow).toMatchObject({ dport: 7001, isOpen: true, answers: { source: ip } });
      expect(conntrack.carry([{ tracked, target: { ip: asIp('127.0.0.14'), port: 7002 } }])).toEqual([null]);
      const [carried] = find();
      if (carried === undefined) throw new Error('the connection is not tracked any more');
      expect(carried.flow).toEqual({ ...tracked.flow, answers: { source: '127.0.0.14', destination: '127.0.0.12' } });
      expect(netns.exec('conntrack', '-L', '-d', ip)).toMatch(/ESTABLISHED .*src=127\.0\.0\.14 dst=127\.0\.0\.12 sport=7002 .*ASSURED/);
      expect(conntrack.carry([{ tracked: carried, target: { ip: asIp(ip), port: 7001 } }])).toEqual([null]);
      expect(find().map(({ flow }) => flow)).toEqual([tracked.flow]);
      const back = find();
      expect(conntrack.forget(back)).toEqual([null]);
      expect(conntrack.carry(back.map((one) => ({ tracked: one, target: { ip: asIp(ip), port: 7001 } })))).toEqual([null]);
      expect(find()).toEqual([]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('S16: a flow that is forgotten is gone, others stay, and forgetting it again is fine', () => {
    const flows = conntrack.flows(ips('127.0.0.9'));
    expect(conntrack.forget(flows)).toEqual([null]);
    expect(conntrack.forget(flows)).toEqual([null]);
    expect(conntrack.flows(ips('127.0.0.9'))).toEqual([]);
    expect(conntrack.flows(ips('127.0.0.1')).length).toBe(1);
  });
});
