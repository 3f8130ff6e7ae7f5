import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NetlinkWatch } from '../netlink/netlink-events.js';
import { makeTestNetns } from '../testing/test-netns.js';
import { parseAnnouncement } from './parse-announcement.js';
import { type Announcement, watchAnnouncements } from './watch-announcements.js';

const ARP = 0x0806;
const IPV6 = 0x86dd;
const bytes = (...hex: readonly string[]): Buffer => Buffer.from(hex.join('').replaceAll(' ', ''), 'hex');

const MAC = 'fa163e000001';
const arp = (operation: string, sender: string, target: string): Buffer =>
  bytes('0001 0800 06 04', operation, MAC, sender, '000000000000', target);
const header = (next = '3a', hops = 'ff'): string =>
  `60000000 0020 ${next}${hops} fe800000000000000000000000000001 ff020000000000000000000000000001`;
const advertisement = (flags: string, type = '88'): string => `${type}00 0000 ${flags}000000 fd000065000000000000000000000100 0201 ${MAC}`;

describe('an announcement', () => {
  it.each([
    ['ARP that asks about its sender (RFC 5227)', ARP, arp('0001', '0a410064', '0a410064'), '10.65.0.100'],
    ['ARP that answers about its sender', ARP, arp('0002', '0a410064', '0a410064'), '10.65.0.100'],
    ['an unsolicited neighbour advertisement', IPV6, bytes(header(), advertisement('20')), 'fd00:65::100'],
    ['one of a router', IPV6, bytes(header(), advertisement('a0')), 'fd00:65::100'],
  ])('is %s', (_, type, packet, ip) => {
    expect(parseAnnouncement(type, packet)).toBe(ip);
  });

  it.each([
    ['a request for another', ARP, arp('0001', '0a410064', '0a410001')],
    ['a probe, whose sender has no address yet', ARP, arp('0001', '00000000', '0a410064')],
    ['reverse ARP', ARP, arp('0003', '0a410064', '0a410064')],
    ['ARP for another protocol', ARP, bytes('0001 86dd 06 04 0001', MAC, '0a410064', '000000000000', '0a410064')],
    ['ARP that is cut short', ARP, arp('0001', '0a410064', '0a410064').subarray(0, 27)],
    ['an answer to a solicitation', IPV6, bytes(header(), advertisement('60'))],
    ['a solicitation', IPV6, bytes(header(), advertisement('00', '87'))],
    ['an advertisement that was forwarded', IPV6, bytes(header('3a', 'fe'), advertisement('20'))],
    ['one behind an extension header', IPV6, bytes(header('00'), '3a00 0502 0000 0100', advertisement('20'))],
    ['one that is cut short', IPV6, bytes(header(), advertisement('20')).subarray(0, 63)],
    ['nothing', IPV6, Buffer.alloc(0)],
    ['of another kind', 0x0800, arp('0001', '0a410064', '0a410064')],
  ])('is not %s', (_, type, packet) => {
    expect(parseAnnouncement(type, packet)).toBeNull();
  });
});

describe('what the kernel logs', () => {
  const netns = makeTestNetns('announce');
  const heard: Announcement[] = [];
  let onHeard = (): void => undefined;
  let watch: NetlinkWatch;

  beforeAll(() => {
    netns.exec('ip', 'link', 'add', 'tap0', 'type', 'veth', 'peer', 'name', 'guest');
    for (const name of ['tap0', 'guest']) netns.exec('ip', 'link', 'set', name, 'up');
    const rules = ['table arp t {', 'chain c { type filter hook input priority 0', 'iifname "tap0" log group 80', '}', '}'];
    netns.exec('nft', rules.join('\n'));
    watch = netns.inside(() =>
      watchAnnouncements((announcement) => {
        heard.push(announcement);
        onHeard();
      }),
    );
  });
  afterAll(() => {
    watch.close();
    netns.remove();
  });

  it('is heard one by one, at once, with the interface that it came by', async () => {
    const index = Number(netns.exec('cat', '/sys/class/net/tap0/ifindex'));
    const first = new Promise<void>((resolve) => {
      onHeard = resolve;
    });
    netns.exec('ip', 'address', 'add', '10.65.0.100/32', 'dev', 'guest');
    netns.exec('arping', '-q', '-U', '-c', '1', '-I', 'guest', '10.65.0.100');
    await first;
    expect(heard[0]).toEqual({ ifindex: index, ip: '10.65.0.100' });
  });

  it('is one program’s: a second is refused, and told why', () => {
    expect(() => netns.inside(() => watchAnnouncements(() => undefined))).toThrow(/log group 80: another program listens to it/);
  });
});
