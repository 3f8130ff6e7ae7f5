import { closeSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SOCK_NONBLOCK } from '../netlink/libc.js';
import { NETLINK_NETFILTER, openNetlink } from '../netlink/netlink-socket.js';
import { makeTestNetns } from '../testing/test-netns.js';
import { applyElements } from './set-elements.js';

const netns = makeTestNetns('kn-elements');
/** As libnftables opens its own. */
const fd = netns.inside(() => openNetlink(NETLINK_NETFILTER, SOCK_NONBLOCK));
const listed = (set: string): readonly string[] =>
  [...netns.exec('nft', 'list', 'set', 'inet', 'manx', set).matchAll(/[0-9a-f.:]*[0-9a-f][.:][0-9a-f.:]*\d(?=[,\s])/g)].map(
    ([text]) => text,
  );

beforeAll(() => {
  netns.exec(
    'nft',
    `table inet manx {
      set four { type ipv4_addr; elements = { 10.0.0.1 }
      }
      set six { type ipv6_addr; }
      set nets { type ipv4_addr; flags interval; }
      set short { type ipv4_addr; timeout 1h; }
      set pairs { type ipv4_addr . ipv4_addr; }
      map values { type ipv4_addr : verdict; }
    }`,
  );
});
afterAll(() => {
  closeSync(fd);
  netns.remove();
});

describe('single addresses of plain sets', () => {
  it('come and go in one transaction, as nft has them', () => {
    expect(applyElements(fd, 'add element inet manx four { 10.0.0.2, 10.0.0.3 }\nadd element inet manx six { 2001:db8::1 }\n')).toBe(true);
    expect([listed('four'), listed('six')]).toEqual([['10.0.0.1', '10.0.0.2', '10.0.0.3'], ['2001:db8::1']]);
    expect(applyElements(fd, 'delete element inet manx four { 10.0.0.2 }\nadd element inet manx four { 10.0.0.4 }\n')).toBe(true);
    expect(listed('four')).toEqual(['10.0.0.1', '10.0.0.3', '10.0.0.4']);
  });

  it.each([
    ['what is to be deleted is not there', 'add element inet manx four { 10.0.0.9 }\ndelete element inet manx four { 10.9.9.9 }\n'],
    ['there is no such set', 'add element inet manx four { 10.0.0.9 }\nadd element inet manx none { 10.0.0.9 }\n'],
    ['there is no such table', 'add element arp manx four { 10.0.0.9 }\n'],
    ['the set is of another family', 'add element inet manx six { 10.0.0.9 }\n'],
    ['the set is of intervals', 'add element inet manx nets { 10.0.0.9 }\n'],
    ['elements go by themselves', 'add element inet manx short { 10.0.0.9 }\n'],
    ['elements are of two parts', 'add element inet manx pairs { 10.0.0.9 }\n'],
    ['elements have values', 'add element inet manx values { 10.0.0.9 }\n'],
    ['it is no address', 'add element inet manx four { 10.0.0.9/31 }\n'],
    ['an element has a value', 'add element inet manx values { 10.0.0.9 : accept }\n'],
    ['the text does more', 'add element inet manx four { 10.0.0.9 }\nadd chain inet manx c\n'],
    ['a line hides another', 'add element inet manx four { 10.0.0.9 }; flush set inet manx four { 10.0.0.1 }\n'],
  ])('nothing is done, and that is said, where %s', (_, text) => {
    const before = netns.exec('nft', 'list', 'ruleset');
    expect(applyElements(fd, text)).toBe(false);
    expect(netns.exec('nft', 'list', 'ruleset')).toBe(before);
    // Nor is an answer left over that the next question would take for its own.
    expect(applyElements(fd, 'add element inet manx four { 10.0.0.7 }\n')).toBe(true);
    expect(applyElements(fd, 'delete element inet manx four { 10.0.0.7 }\n')).toBe(true);
  });
});
