import { describe, expect, it } from 'vitest';
import { asHostName, parseHostName } from './host-name.js';
import { hostSideMac } from './host-side-mac.js';
import { asIfName, parseIfName, tapName } from './if-name.js';

describe('names that become paths, command lines and kernel objects', () => {
  it.each(['compute-1', 'compute-1.example.org', 'a', '_host', '1', 'A_b.C-d', 'x'.repeat(255)])('%s is a host', (text) => {
    expect(parseHostName(text)).toBe(text);
  });
  it.each(['', '.', '..', '../x', 'a/b', '-x', '.x', 'a b', 'a\n', 'é', 'a\0', 'x'.repeat(256), 'a@b', 'a;b'])('%j is no host', (text) => {
    expect(parseHostName(text)).toBeNull();
    expect(() => asHostName(text)).toThrow(RangeError);
  });
  it.each(['tap12345678-90', 'eth0', 'x'.repeat(15), 'br_ex.100'])('%s is an interface', (text) => {
    expect(parseIfName(text)).toBe(text);
  });
  it.each(['', '.', '..', 'a/b', 'a:b', 'a b', 'x'.repeat(16), 'ä', '-a', 'a"', 'a\n'])('%j is no interface', (text) => {
    expect(parseIfName(text)).toBeNull();
    expect(() => asIfName(text)).toThrow(RangeError);
  });
  it('the tap of a port is named as Nova names it', () => {
    expect(tapName('3c1b2a49-7b1f-4d0a-9d0e-6a1b2c3d4e5f')).toBe('tap3c1b2a49-7b');
  });
  it("the host's side of a tap has fe and the tail of the guest's MAC", () => {
    expect(hostSideMac('fa:16:3e:12:34:56' as never)).toBe('fe:16:3e:12:34:56');
  });
});
