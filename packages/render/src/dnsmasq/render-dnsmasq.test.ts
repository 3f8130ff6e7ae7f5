import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint, HostState, Ipv6Mode, PortNames } from '@manx/hoststate';
import { asCidr, asIp } from '@manx/ip';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endpoint, stateOf, subnet } from '../testing/states.js';
import { isDhcpHostname } from './dhcp-name.js';
import { DHCP_LINK_ADDRESS, dhcpTapAddresses } from './dhcp-tap-addresses.js';
import { dnsmasqChange } from './dnsmasq-change.js';
import { dnsmasqCheckCommand } from './dnsmasq-command.js';
import { dnsmasqProblems } from './dnsmasq-problems.js';
import type { DnsmasqSettings } from './dnsmasq-settings.js';
import { renderDnsmasq } from './render-dnsmasq.js';

const SETTINGS: DnsmasqSettings = {
  directory: '/run/manx/dnsmasq',
  user: 'dnsmasq',
  group: 'nogroup',
  domain: 'example.org',
  leaseSeconds: 86_400,
  hasMetadata: false,
  hasDns: false,
};

const V4 = { ...subnet('sub4', '10.65.0.0/24', '10.65.0.1'), dnsServers: [asIp('9.9.9.9'), asIp('2001:db8::53')] };
const V6 = { ...subnet('sub6', '2001:db8:65::/64', '2001:db8:65::1'), dnsServers: [asIp('2001:db8::53')] };
const ONE = endpoint('aaaa', 1, { ips: ['10.65.0.10', '10.65.0.11', '2001:db8:65::10'] });
const TWO = endpoint('bbbb', 2, { ips: ['10.65.0.12'] });

function file(state: HostState, name: string): string {
  return renderDnsmasq(state, SETTINGS).files.get(name) ?? '';
}

describe('renderDnsmasq', () => {
  it('S26: says one port on two subnets like this', () => {
    const routed = { ...V4, hostRoutes: [{ destination: asCidr('192.0.2.0/24'), nexthop: asIp('10.65.0.7') }] };
    const state = stateOf([routed, V6, ONE]);
    expect(file(state, 'hosts')).toBe('fa:16:3e:00:00:01,tag:tapaaaa,10.65.0.10,host-1\n');
    expect(file(state, 'options')).toBe(
      [
        'tag:tapaaaa,option:netmask,255.255.255.0',
        'tag:tapaaaa,28,10.65.0.255',
        'tag:tapaaaa,option:router,10.65.0.1',
        'tag:tapaaaa,option:dns-server,9.9.9.9',
        'tag:tapaaaa,option:mtu,1500',
        'tag:tapaaaa,121,192.0.2.0/24,10.65.0.7,0.0.0.0/0,10.65.0.1',
        'tag:tapaaaa,249,192.0.2.0/24,10.65.0.7,0.0.0.0/0,10.65.0.1',
        'tag:tapaaaa,option6:dns-server,[2001:db8::53]',
        '',
      ].join('\n'),
    );
    expect(file(state, 'dnsmasq.conf').split('\n').slice(-8)).toEqual([
      'dhcp-option=option6:domain-search,example.org',
      'dhcp-range=0.0.0.1,static,128.0.0.0,86400',
      'dhcp-range=128.0.0.1,static,128.0.0.0,86400',
      'shared-network=169.254.169.253,0.0.0.1',
      'enable-ra',
      'ra-param=tap*,200,1800',
      'dhcp-range=2001:db8:65::,ra-only,off-link,64,86400',
      '',
    ]);
  });

  it('S27: where there is metadata and no gateway to ask it by, its address is said to be on the link', () => {
    const closed = stateOf([{ ...V4, gateway: null }, ONE]);
    const told = (state: HostState, hasMetadata: boolean): string[] =>
      (renderDnsmasq(state, { ...SETTINGS, hasMetadata }).files.get('options') ?? '').split('\n').filter((line) => line.includes(',121,'));
    expect(told(closed, true)).toEqual(['tag:tapaaaa,121,169.254.169.254/32,0.0.0.0']);
    expect(told(closed, false)).toEqual([]);
    expect(told(stateOf([V4, ONE]), true)).toEqual([]);
  });

  it('S28: the host is the name server of subnets that have none, but not of those that are to have none', () => {
    const told = (state: HostState, hasDns: boolean): string[] =>
      (renderDnsmasq(state, { ...SETTINGS, hasDns }).files.get('options') ?? '')
        .split('\n')
        .filter((line) => /dns-server|,121,/.test(line));
    const own = [V4, V6].map((lan) => ({ ...lan, dnsServers: [] }));
    expect(told(stateOf([...own, ONE]), true)).toEqual([
      'tag:tapaaaa,option:dns-server,169.254.169.254',
      'tag:tapaaaa,option6:dns-server,[fe80::a9fe:a9fe]',
    ]);
    expect(told(stateOf([...own.map((lan) => ({ ...lan, gateway: null })), ONE]), true)).toContain(
      'tag:tapaaaa,121,169.254.169.254/32,0.0.0.0',
    );
    expect(told(stateOf([...own, ONE]), false)).toEqual([]);
    const none = [
      { ...V4, dnsServers: [asIp('0.0.0.0')] },
      { ...V6, dnsServers: [asIp('::')] },
    ];
    expect(told(stateOf([...none, ONE]), true)).toEqual([]);
    expect(told(stateOf([V4, V6, ONE]), true)).toEqual(told(stateOf([V4, V6, ONE]), false));
  });

  it('S26, S28: an instance is told its own DNS name, and the domain of it unless the operator names one for all', () => {
    const names = (fqdn: string): PortNames => ({
      kind: 'names',
      id: ONE.id,
      network: 'net',
      project: 'blue',
      records: [
        { ip: asIp('10.65.0.10'), fqdn },
        { ip: asIp('10.65.0.11'), fqdn: 'second.b.example' },
      ],
    });
    const files = (fqdn: string, domain: string | null): readonly string[] => {
      const plan = renderDnsmasq(stateOf([V4, V6, ONE, names(fqdn)]), { ...SETTINGS, domain });
      const options = (plan.files.get('options') ?? '').split('\n').filter((line) => line.includes('domain'));
      return [plan.files.get('hosts')?.trim().split(',').at(-1) ?? '', ...options];
    };
    expect(files('web.a.example', null)).toEqual([
      'web',
      'tag:tapaaaa,option:domain-name,a.example',
      'tag:tapaaaa,option6:domain-search,a.example',
    ]);
    expect(files('web.a.example', 'example.org')).toEqual(['web']);
    expect(files('bare', null)).toEqual(['bare']);
  });

  it.each<[Ipv6Mode | null, string, string | undefined]>([
    ['slaac', '2001:db8::/64', 'ra-only,off-link,64'],
    ['dhcpv6-stateless', '2001:db8::/64', 'ra-stateless,off-link,64'],
    ['dhcpv6-stateful', '2001:db8::/64', 'static,off-link,64'],
    ['dhcpv6-stateful', '2001:db8::/96', 'static,off-link,96'],
    ['dhcpv6-stateful', '2001:db8::/48', undefined],
    ['slaac', '2001:db8::/96', undefined],
    [null, '2001:db8::/64', undefined],
  ])('S26: %s on %s is advertised as %s', (raMode, cidr, range) => {
    const text = file(stateOf([{ ...subnet('sub6', cidr, null), raMode, addressMode: raMode }]), 'dnsmasq.conf');
    expect(/^dhcp-range=2001:db8::,(.*),86400$/m.exec(text)?.[1]).toBe(range);
    expect(text.includes('enable-ra')).toBe(range !== undefined);
  });

  it('S19, S26: neither a port that is down nor a subnet without DHCP is served', () => {
    expect(file(stateOf([V4, V6, { ...ONE, isUp: false }]), 'hosts')).toBe('');
    const off = stateOf([{ ...V4, isDhcpEnabled: false }, { ...V6, isDhcpEnabled: false }, ONE]);
    expect([file(off, 'hosts'), file(off, 'options'), file(off, 'dnsmasq.conf').includes('2001:db8')]).toEqual(['', '', false]);
  });

  it('is the same text for the same state, in whatever order it was put together', () => {
    expect(renderDnsmasq(stateOf([TWO, ONE, V6, V4]), SETTINGS)).toEqual(renderDnsmasq(stateOf([V4, V6, ONE, TWO]), SETTINGS));
  });

  it('S26: a changed subnet changes what its endpoints are told, whatever was rendered before', () => {
    const before = renderDnsmasq(stateOf([V4, ONE]), SETTINGS);
    const after = renderDnsmasq(stateOf([{ ...V4, mtu: 1400 }, ONE]), SETTINGS);
    expect(after.files.get('options')).toBe(before.files.get('options')?.replace('option:mtu,1500', 'option:mtu,1400'));
    expect(renderDnsmasq(stateOf([ONE]), SETTINGS).files.get('hosts')).toBe('');
    expect(renderDnsmasq(stateOf([V4, ONE]), SETTINGS)).toEqual(before);
  });

  it('S18: no host name, whatever it is, adds a line, a field or a meaning', () => {
    const field = /^fa:16:3e:00:00:01,tag:tapaaaa,10\.65\.0\.10(?:,[A-Za-z0-9-]{1,63})?\n$/;
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom('ignore', 'infinite', '3600', '12h', 'a,b', 'x\ny', 'set:y', 'id:*', '', '-a')),
        (hostname) => {
          expect(file(stateOf([V4, { ...ONE, hostname }]), 'hosts')).toMatch(field);
        },
      ),
    );
    expect(['ignore', 'infinite', '3600', '12h', '7'].map(isDhcpHostname)).toEqual([false, false, false, false, false]);
    expect(['host-10-65-0-2', '3com', 'a'].map(isDhcpHostname)).toEqual([true, true, true]);
  });

  it('refuses settings that are not safe in a file', () => {
    const bad = { directory: '/run/a\nb', user: 'root x', group: '', domain: 'a..b', leaseSeconds: 60, hasMetadata: false, hasDns: false };
    expect(dnsmasqProblems(bad).map(({ subject }) => subject)).toEqual([
      'dhcp.directory',
      'dhcp.user',
      'dhcp.group',
      'dhcp.domain',
      'dhcp.lease',
    ]);
    expect(() => renderDnsmasq(stateOf([]), bad)).toThrow(RangeError);
    expect(dnsmasqProblems(SETTINGS)).toEqual([]);
  });

  it('is accepted by dnsmasq itself, empty or not', () => {
    const directory = mkdtempSync(join(tmpdir(), 'manx-t-dnsmasq-'));
    const check = (state: HostState, domain: string | null): string => {
      for (const [name, text] of renderDnsmasq(state, { ...SETTINGS, directory, domain, user: 'nobody' }).files)
        writeFileSync(join(directory, name), text);
      const [program, ...args] = dnsmasqCheckCommand(join(directory, 'dnsmasq.conf'));
      return spawnSync(program, args, { encoding: 'utf8' }).stderr.trim();
    };
    try {
      expect(check(stateOf([]), null)).toBe('dnsmasq: syntax check OK.');
      expect(check(stateOf([V4, V6, ONE, TWO]), 'example.org')).toBe('dnsmasq: syntax check OK.');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('dhcpTapAddresses', () => {
  const of = (state: HostState, port: Endpoint, gateways: readonly string[]): string[] =>
    dhcpTapAddresses(state, port, gateways.map(asIp)).map(({ ip, prefixLength }) => `${ip}/${prefixLength}`);

  it('S26: asks for nothing beside the gateway for IPv4, and for the link address where there is none', () => {
    const port = endpoint('aaaa', 1, { ips: ['10.65.0.10'] });
    expect(of(stateOf([V4, port]), port, ['10.65.0.1'])).toEqual([]);
    expect(of(stateOf([V4, port]), port, [])).toEqual([`${DHCP_LINK_ADDRESS}/32`]);
    expect(of(stateOf([V4, port]), port, ['192.168.7.1'])).toEqual([`${DHCP_LINK_ADDRESS}/32`]);
    expect(of(stateOf([{ ...V4, isDhcpEnabled: false }, port]), port, [])).toEqual([]);
  });

  it('S26: asks for an address of each advertised prefix, once', () => {
    const port = endpoint('aaaa', 1, { ips: ['2001:db8:65::10', '2001:db8:65::11'] });
    expect(of(stateOf([V6, port]), port, [])).toEqual(['2001:db8:65::1/64']);
    expect(of(stateOf([{ ...V6, gateway: asIp('fe80::1') }, port]), port, [])).toEqual(['2001:db8:65::/64']);
    expect(of(stateOf([{ ...V6, raMode: null }, port]), port, [])).toEqual([]);
  });
});

describe('dnsmasqChange', () => {
  const plan = (...objects: Parameters<typeof stateOf>[0]): ReturnType<typeof renderDnsmasq> => renderDnsmasq(stateOf(objects), SETTINGS);
  const before = plan(V4, ONE);

  it.each([
    ['nothing', plan(V4, ONE), 'none'],
    ['one more port', plan(V4, ONE, TWO), 'sighup'],
    ['another MTU', plan({ ...V4, mtu: 1400 }, ONE), 'sighup'],
    ['one more IPv4 subnet', plan(V4, ONE, subnet('other', '172.16.0.0/16', null)), 'none'],
    ['one more IPv6 subnet', plan(V4, V6, ONE), 'replace'],
    ['a port less', plan(V4), 'replace'],
    ["another port's address", plan(V4, { ...TWO, addresses: ONE.addresses }), 'replace'],
  ] as const)('S26: %s takes no more and no less than it must', (_what, after, change) => {
    expect(dnsmasqChange(before, after)).toBe(change);
  });

  it('takes a new process when it is not known what the running one has read', () => {
    expect(dnsmasqChange(null, before)).toBe('replace');
  });
});
