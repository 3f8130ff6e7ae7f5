import { SAMPLE_BYTES, SAMPLE_GROUP } from '@manx/render';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeLogged } from '../netlink/log-group.js';
import type { NetlinkWatch } from '../netlink/netlink-events.js';
import { makeTestNetns } from '../testing/test-netns.js';
import { type DroppedPacket, watchSamples } from './watch-samples.js';

describe('what rules show of what they drop', () => {
  const netns = makeTestNetns('samples');
  const heard: DroppedPacket[] = [];
  let onHeard = (): void => undefined;
  let watch: NetlinkWatch;

  beforeAll(() => {
    netns.exec('ip', 'link', 'add', 'tap0', 'type', 'veth', 'peer', 'name', 'guest');
    for (const name of ['tap0', 'guest']) netns.exec('ip', 'link', 'set', name, 'up');
    netns.exec('ip', 'address', 'add', '10.65.0.1/24', 'dev', 'tap0');
    const log = (prefix: string): string => `log prefix "${prefix}" group ${SAMPLE_GROUP} snaplen ${SAMPLE_BYTES}`;
    const rules = [
      ['inet', 'hook output', `ip daddr 10.65.0.9 udp dport 7 ${log('no reason')}`, `ip daddr 10.65.0.9 ${log('to-unknown-tap')}`],
      ['arp', 'hook output', `arp daddr ip 10.65.0.9 ${log('own-address')}`],
      ['netdev', 'hook ingress device "tap0"', `ether type 0x88cc ${log('ethertype')}`],
    ].map(([family, hook, ...lines]) => `table ${family} t {\nchain c { type filter ${hook} priority 0\n${lines.join('\n')}\n}\n}`);
    netns.exec('nft', rules.join('\n'));
    watch = netns.inside(() =>
      watchSamples({
        onPacket: (dropped) => {
          heard.push(dropped);
          onHeard();
        },
        onLost: () => undefined,
      }),
    );
  });
  afterAll(() => {
    watch.close();
    netns.remove();
  });

  const until = async (isIt: (dropped: DroppedPacket) => boolean): Promise<DroppedPacket> => {
    for (;;) {
      const found = heard.find(isIt);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        onHeard = resolve;
      });
    }
  };
  const indexOf = (name: string): number => Number(netns.exec('cat', `/sys/class/net/${name}/ifindex`));

  it('is heard from every family of tables, with its reason, interfaces and headers; what another logs there is not', async () => {
    const scapy = [
      'from scapy.all import *',
      'import socket',
      "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('10.65.0.1', 9))",
      "s.sendto(b'x', ('10.65.0.9', 7)); s.sendto(b'\\x1b[2J', ('10.65.0.9', 53))",
      "sendp(Ether(src='fa:16:3e:00:00:01',dst='01:80:c2:00:00:0e',type=0x88cc)/'lldp',iface='guest',verbose=0)",
    ];
    netns.exec('/usr/bin/python3', '-c', scapy.join('\n'));
    const [tap, frame] = [indexOf('tap0'), await until(({ reason }) => reason === 'ethertype')];
    expect(frame).toEqual({
      reason: 'ethertype',
      inIndex: tap,
      outIndex: null,
      mac: 'fa:16:3e:00:00:01',
      packet: { kind: 'other', etherType: 0x88cc },
    });
    const packet = await until(({ packet: seen }) => seen.kind === 'ip' && seen.dport === 53);
    expect(packet).toMatchObject({
      reason: 'to-unknown-tap',
      inIndex: null,
      outIndex: tap,
      packet: { kind: 'ip', source: '10.65.0.1', destination: '10.65.0.9', protocol: 17, sport: 9, dport: 53, length: 32 },
    });
    const arp = await until(({ reason }) => reason === 'own-address');
    expect(arp).toMatchObject({ outIndex: tap, packet: { kind: 'arp', operation: 1, sender: '10.65.0.1', target: '10.65.0.9' } });
    expect(heard.filter(({ packet: seen }) => seen.kind === 'ip' && seen.dport === 7)).toHaveLength(1);
  });

  it('is one program’s: a second is refused, and told why', () => {
    expect(() => netns.inside(() => watchSamples({ onPacket: () => undefined, onLost: () => undefined }))).toThrow(
      /log group 81: another program listens to it/,
    );
  });
});

it('any bytes of a message of the kernel are read without an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodeLogged(Buffer.from(bytes));
    }),
  );
});
