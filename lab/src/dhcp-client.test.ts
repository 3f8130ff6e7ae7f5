import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dhcpEventScript } from './dhcp-client.js';

const namespace = 'manx-t-lab-dhcp';
const ip = (...args: readonly string[]): string => execFileSync('ip', ['-n', namespace, ...args], { encoding: 'utf8' });

let folder = '';

/** Runs the script inside the namespace as udhcpc would. */
const happens = (event: string, values: Readonly<Record<string, string>>): void => {
  execFileSync('ip', ['netns', 'exec', namespace, join(folder, 'event'), event], {
    env: { PATH: process.env.PATH, interface: 'eth0', MANX_LEASE: join(folder, 'lease'), ...values },
    stdio: 'pipe',
  });
};

const lease = {
  ip: '10.65.0.7',
  mask: '24',
  router: '10.65.0.1',
  mtu: '1450',
  dns: '10.65.0.1 10.65.0.53',
  domain: 'shop.example',
  lease: '3600',
  serverid: '10.65.0.1',
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'manx-t-dhcp-'));
  writeFileSync(join(folder, 'event'), dhcpEventScript);
  chmodSync(join(folder, 'event'), 0o755);
  execFileSync('ip', ['netns', 'add', namespace]);
  ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'peer0');
  for (const end of ['eth0', 'peer0']) ip('link', 'set', end, 'up');
});

afterEach(() => {
  execFileSync('ip', ['netns', 'del', namespace]);
  rmSync(folder, { recursive: true });
});

describe("S26: what an instance does with its lease (udhcpc's event script)", () => {
  it('address, mask, gateway and MTU go to its own interface; name servers and domain to a file of the lab', () => {
    happens('bound', lease);
    expect(ip('-4', '-br', 'addr', 'show', 'eth0')).toContain('10.65.0.7/24');
    expect(ip('route', 'show', 'default')).toContain('via 10.65.0.1 dev eth0');
    expect(ip('link', 'show', 'eth0')).toContain('mtu 1450');
    expect(readFileSync(join(folder, 'lease'), 'utf8')).toBe(
      'dns=10.65.0.1 10.65.0.53\ndomain=shop.example\nlease=3600\nserver=10.65.0.1\n',
    );
  });

  it('option 121 takes the place of option 3 (RFC 3442), with a route that is on the link', () => {
    happens('bound', { ...lease, staticroutes: '192.0.2.0/24 10.65.0.9 169.254.169.254/32 0.0.0.0 0.0.0.0/0 10.65.0.2' });
    const routes = ip('route', 'show');
    expect(routes).toContain('192.0.2.0/24 via 10.65.0.9');
    expect(routes).toContain('169.254.169.254 dev eth0');
    expect(routes).toContain('default via 10.65.0.2');
    expect(routes).not.toContain('10.65.0.1 ');
  });

  it('the same twice, as at a renewal, changes nothing', () => {
    happens('bound', lease);
    const before = ip('-o', 'route', 'show');
    happens('renew', lease);
    expect(ip('-o', 'route', 'show')).toBe(before);
  });

  it('a lost lease takes address and routes away', () => {
    happens('bound', lease);
    happens('deconfig', {});
    expect(ip('-4', '-br', 'addr', 'show', 'eth0')).not.toContain('10.65.0.7');
    expect(ip('route', 'show')).toBe('');
  });

  it('text from the wire is never run', () => {
    const loot = join(folder, 'loot');
    happens('bound', { ...lease, domain: `$(touch ${loot})`, dns: `\`touch ${loot}\`; touch ${loot}` });
    expect(existsSync(loot)).toBe(false);
  });
});
