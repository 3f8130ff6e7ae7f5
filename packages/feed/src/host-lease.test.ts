import { describe, expect, it } from 'vitest';
import { HostLease } from './host-lease.js';

describe('the lease of a host', () => {
  it('a host never heard of is not alive, and never goes down', () => {
    const lease = new HostLease(100);
    expect(lease.isAlive).toBe(false);
    expect(lease.expire(1_000_000, 0)).toBe(false);
  });

  it('it comes once, lives for as long as it is heard of, goes once, and comes back', () => {
    const lease = new HostLease(100);
    expect(lease.hear(0)).toBe(true);
    expect(lease.hear(50)).toBe(false);
    expect(lease.expire(149, 0)).toBe(false);
    expect(lease.expire(150, 0)).toBe(true);
    expect(lease.isAlive).toBe(false);
    expect(lease.expire(300, 0)).toBe(false);
    expect(lease.hear(400)).toBe(true);
  });

  it('time in which this process could hear nobody is not held against it', () => {
    const lease = new HostLease(100);
    lease.hear(0);
    expect(lease.expire(500, 480)).toBe(false);
    expect(lease.expire(580, 0)).toBe(true);
  });
});
