import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Endpoint, hostSideMac, NO_QOS, type Subnet } from '@manx/hoststate';
import { asCidr, asIp, asMac, eui64, type Ip, linkLocalFor } from '@manx/ip';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stateOf, subnet } from '../testing/states.js';
import { type DhcpLab, makeDhcpLab } from './testing/dhcp-lab.js';

const NET_A: Subnet = {
  ...subnet('a', '10.65.0.0/24', '10.65.0.1'),
  dnsServers: [asIp('9.9.9.9'), asIp('1.1.1.1')],
  hostRoutes: [{ destination: asCidr('192.0.2.0/24'), nexthop: asIp('10.65.0.77') }],
  mtu: 1450,
};
const NET_B = subnet('b', '172.18.0.0/16', '172.18.0.1');
const CLOSED = subnet('closed', '10.99.0.0/24', null);
const OFF_LINK = subnet('off', '10.98.0.0/24', '192.168.7.1');
const SLAAC: Subnet = { ...subnet('slaac', '2001:db8:1::/64', '2001:db8:1::1'), dnsServers: [asIp('2001:4860::8888')] };
const STATEFUL: Subnet = {
  ...subnet('stateful', '2001:db8:2::/64', null),
  dnsServers: [asIp('2001:4860::1111')],
  raMode: 'dhcpv6-stateful',
  addressMode: 'dhcpv6-stateful',
};
const STATELESS: Subnet = {
  ...subnet('stateless', '2001:db8:3::/64', 'fe80::1'),
  dnsServers: [asIp('2001:4860::2222')],
  raMode: 'dhcpv6-stateless',
  addressMode: 'dhcpv6-stateless',
};
const SILENT: Subnet = { ...subnet('silent', '2001:db8:4::/64', '2001:db8:4::1'), raMode: null, addressMode: null };
const SUBNETS = [NET_A, NET_B, CLOSED, OFF_LINK, SLAAC, STATEFUL, STATELESS, SILENT];

function port(number: number, ...addresses: ReadonlyArray<readonly [string, Subnet]>): Endpoint {
  const id = `${number}`.padStart(8, '0');
  return {
    kind: 'endpoint',
    id,
    ifname: `tap${id}` as Endpoint['ifname'],
    mac: asMac(`fa:16:3e:00:00:${number.toString(16).padStart(2, '0')}`),
    isUp: true,
    phase: 'home',
    picksUp: false,
    addresses: addresses.map(([ip, { id: of }]) => ({ ip: asIp(ip), subnet: of })),
    isSecured: true,
    pairs: [],
    claims: [],
    policies: [],
    floating: [],
    forwards: [],
    floatingLimits: [],
    qos: NO_QOS,
    dhcpOptions: [],
    logs: [],
    owner: null,
    hostname: `host-${(addresses[0]?.[0] ?? 'x').replaceAll(/[.:]+/g, '-')}`,
  };
}

const P1 = port(1, ['10.65.0.10', NET_A], ['10.65.0.12', NET_A]);
const P2 = port(2, ['10.65.0.11', NET_A]);
const P3 = port(3, ['172.18.3.23', NET_B]);
const P4 = port(4, ['10.99.0.5', CLOSED]);
const P5 = port(5, ['10.98.0.5', OFF_LINK]);

describe('DHCPv4 by a real dnsmasq to real clients', () => {
  let lab: DhcpLab;
  beforeAll(() => {
    lab = makeDhcpLab('dh4');
  });
  afterAll(() => lab.close());

  it('S26: a guest gets the address the API shows, gateway, MTU, name servers, routes, domain and name', async () => {
    const guest = lab.guest(P1);
    expect(await lab.apply(stateOf([...SUBNETS, P1]))).toBe('replace');
    const given = lab.lease(guest);
    expect(given?.get('ip')).toBe('10.65.0.10');
    expect(given?.get('subnet')).toBe('255.255.255.0');
    expect(given?.get('router')).toBe('10.65.0.1');
    expect(given?.get('dns')).toBe('9.9.9.9 1.1.1.1');
    expect(given?.get('mtu')).toBe('1450');
    expect(given?.get('domain')).toBe('openstacklocal');
    expect(given?.get('hostname')).toBe('host-10-65-0-10');
    expect(given?.get('broadcast')).toBe('10.65.0.255');
    expect(given?.get('staticroutes')).toBe('192.0.2.0/24 10.65.0.77 0.0.0.0/0 10.65.0.1');
    expect(given?.get('lease')).toBe('86400');
    expect(given?.get('serverid')).toBe('10.65.0.1');
  });

  it("S26: a port's own options come as they are, in place of its subnet's, and whatever they say stays a value", async () => {
    lab.guest(P1);
    const word = 'http://[::1]/a;b|c&d=$(id)%0a?tag:x=option:3=<>!*~';
    const dhcpOptions: Endpoint['dhcpOptions'] = [
      { family: 4, code: 3, value: { kind: 'none' } },
      { family: 4, code: 6, value: { kind: 'ips', ips: [asIp('8.8.8.8'), asIp('8.8.4.4')] } },
      { family: 4, code: 26, value: { kind: 'number', bytes: 2, number: 1399 } },
      { family: 4, code: 66, value: { kind: 'word', word: '192.0.2.66' } },
      { family: 4, code: 67, value: { kind: 'word', word } },
      { family: 4, code: 119, value: { kind: 'names', names: ['a.example', 'b.example'] } },
      { family: 4, code: 121, value: { kind: 'routes', routes: [{ destination: asCidr('198.51.100.0/24'), nexthop: asIp('10.65.0.9') }] } },
      { family: 4, code: 224, value: { kind: 'hex', hex: '01:04:c0:ff' } },
      { family: 4, code: 255, value: { kind: 'ips', ips: [asIp('192.0.2.77')] } },
    ];
    await lab.apply(stateOf([...SUBNETS, { ...P1, dhcpOptions }]));
    const given = lab.lease(lab.guest(P1));
    expect([given?.get('ip'), given?.get('router'), given?.get('dns'), given?.get('mtu')]).toEqual([
      '10.65.0.10',
      undefined,
      '8.8.8.8 8.8.4.4',
      '1399',
    ]);
    expect([given?.get('siaddr'), given?.get('tftp'), given?.get('bootfile') ?? given?.get('boot_file')]).toEqual([
      '192.0.2.77',
      '192.0.2.66',
      word,
    ]);
    expect(given?.get('staticroutes')).toBe('198.51.100.0/24 10.65.0.9');
    expect(given?.get('search')).toBe('a.example b.example');
    expect(given?.get('opt224')).toBe('0104c0ff');
    await lab.apply(stateOf([...SUBNETS, P1]));
    expect(lab.lease(lab.guest(P1))?.get('mtu')).toBe('1450');
  });

  it('S26: ports, subnets and taps that come later are served by the same process, which does not crash after a lease', async () => {
    const pid = lab.pid();
    await lab.apply(stateOf([...SUBNETS, P1]));
    for (const port of [P2, P3]) lab.guest(port);
    expect(await lab.apply(stateOf([...SUBNETS, P1, P2, P3]))).toBe('sighup');
    expect(lab.lease(lab.guest(P2))?.get('ip')).toBe('10.65.0.11');
    const given = lab.lease(lab.guest(P3));
    expect([given?.get('ip'), given?.get('subnet'), given?.get('router')]).toEqual(['172.18.3.23', '255.255.0.0', '172.18.0.1']);
    for (const mtu of [1440, 1430, 1420]) {
      expect(await lab.apply(stateOf([...SUBNETS, { ...NET_B, mtu }, P1, P2, P3]))).toBe('sighup');
      expect(lab.lease(lab.guest(P3))?.get('mtu')).toBe(`${mtu}`);
    }
    expect(lab.pid()).toBe(pid);
  });

  it('S26: a subnet without a gateway gets a lease without a router; one with a gateway elsewhere a route to it', async () => {
    for (const port of [P4, P5]) lab.guest(port);
    await lab.apply(stateOf([...SUBNETS, P1, P2, P3, P4, P5]));
    const closed = lab.lease(lab.guest(P4));
    expect([closed?.get('ip'), closed?.get('router'), closed?.get('staticroutes')]).toEqual(['10.99.0.5', undefined, undefined]);
    const offLink = lab.lease(lab.guest(P5));
    expect(offLink?.get('ip')).toBe('10.98.0.5');
    expect(offLink?.get('staticroutes')).toBe('192.168.7.1/32 0.0.0.0 0.0.0.0/0 192.168.7.1');
  });

  it('S17, S18: a stranger gets nothing, nor does a known MAC on a tap that is not its own', async () => {
    await lab.apply(stateOf([...SUBNETS, P1, P2]));
    const guest = lab.guest(P1);
    lab.setMac(guest, 'fa:16:3e:ff:ff:ff');
    expect(lab.lease(guest)).toBeNull();
    lab.setMac(guest, P2.mac);
    expect(lab.lease(guest)).toBeNull();
    lab.setMac(guest, P1.mac);
    expect(lab.lease(guest)?.get('ip')).toBe('10.65.0.10');
  });

  it('S12: a port that is gone gets no lease, and the next port with its address gets it at once', async () => {
    await lab.apply(stateOf([...SUBNETS, P1, P2]));
    expect(lab.lease(lab.guest(P1))?.get('ip')).toBe('10.65.0.10');
    const heir = { ...P2, addresses: P1.addresses };
    expect(await lab.apply(stateOf([...SUBNETS, heir]))).toBe('replace');
    expect(lab.lease(lab.guest(P1))).toBeNull();
    expect(lab.lease(lab.guest(P2))?.get('ip')).toBe('10.65.0.10');
  });

  it('S26: two ports with one MAC on two networks both get their own address, again and again', async () => {
    const twin = { ...P3, mac: P1.mac };
    await lab.apply(stateOf([...SUBNETS, P1, twin]));
    lab.setMac(lab.guest(P3), twin.mac);
    for (let round = 0; round < 2; round++) {
      expect(lab.lease(lab.guest(P1))?.get('ip')).toBe('10.65.0.10');
      expect(lab.lease(lab.guest(P3))?.get('ip')).toBe('172.18.3.23');
    }
    lab.setMac(lab.guest(P3), P3.mac);
  });

  it('S26: a lease outlives the process that gave it: a renewal is answered by its successor', async () => {
    await lab.apply(stateOf([...SUBNETS, P1, P2]));
    const guest = lab.guest(P1);
    const client = spawn('ip', ['netns', 'exec', guest.name, 'udhcpc', '-i', 'eth0', '-f', '-s', lab.script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const heard = (event: string): Promise<void> =>
      new Promise((resolve) => {
        client.stdout.on('data', (chunk: Buffer) => {
          if (chunk.toString().includes(`EVENT ${event}`)) resolve();
        });
      });
    try {
      await heard('bound');
      guest.run(['ip', 'addr', 'add', '10.65.0.10/24', 'dev', 'eth0']);
      expect(await lab.apply(stateOf([...SUBNETS, P1]))).toBe('replace');
      const renewed = heard('renew');
      client.kill('SIGUSR1');
      await renewed;
    } finally {
      client.kill();
      await once(client, 'exit');
      guest.run(['ip', 'addr', 'flush', 'dev', 'eth0']);
    }
  });
});

describe('router advertisements and DHCPv6 by a real dnsmasq to real guests', () => {
  const ports = {
    slaac: port(0x11, ['2001:db8:1::f816:3eff:fe00:11', SLAAC]),
    stateful: port(0x12, ['10.65.0.20', NET_A], ['2001:db8:2::23', STATEFUL]),
    netboot: {
      ...port(0x15, ['2001:db8:2::24', STATEFUL]),
      dhcpOptions: [{ family: 6, code: 59, value: { kind: 'word', word: 'tftp://[2001:db8::66]/pxelinux.0' } }],
    } satisfies Endpoint,
    stateless: port(0x13, ['2001:db8:3::f816:3eff:fe00:13', STATELESS]),
    silent: port(0x14, ['2001:db8:4::9', SILENT]),
  };
  let lab: DhcpLab;
  beforeAll(async () => {
    lab = makeDhcpLab('dh6');
    await lab.apply(stateOf([...SUBNETS]));
    for (const endpoint of Object.values(ports)) lab.guest(endpoint);
    lab.host.run(['sysctl', '-qw', `net.ipv6.conf.${ports.slaac.ifname}.mtu=1400`]);
    await lab.apply(stateOf([...SUBNETS, ...Object.values(ports)]));
  });
  afterAll(() => lab.close());

  it('S26: the kernel of a guest makes the address the API shows, and takes its host as the router, with the MTU', async () => {
    const guest = lab.guest(ports.slaac);
    await settled(guest.name, ports.slaac.addresses[0]?.ip ?? asIp('::'));
    expect(ports.slaac.addresses[0]?.ip).toBe(eui64(SLAAC.cidr, ports.slaac.mac));
    const routes = guest.run(['ip', '-6', 'route']).stdout;
    expect(routes).toContain(`default via ${linkLocalFor(hostSideMac(ports.slaac.mac))} dev eth0 proto ra`);
    expect(routes).not.toContain('2001:db8:1::/64');
    expect(guest.run(['sysctl', '-n', 'net.ipv6.conf.eth0.mtu']).stdout.trim()).toBe('1400');
    // The host reaches the guest by its own route only, never by one for the whole prefix.
    expect(lab.host.run(['ip', '-6', 'route', 'show', 'exact', '2001:db8:1::/64']).stdout).toBe('');
  });

  it('S26: advertisements name the name servers and the domain', () => {
    const guest = lab.guest(ports.slaac);
    const heard = guest.run([
      'sh',
      '-c',
      'timeout 5 tcpdump -nvvl -c1 -i eth0 "icmp6 and ip6[40]==134" 2>/dev/null & sleep 0.3; ip link set eth0 down; ip link set eth0 up; wait',
    ]);
    expect(heard.stdout).toContain('addr: 2001:4860::8888');
    expect(heard.stdout).toContain('openstacklocal');
    expect(heard.stdout).toMatch(/2001:db8:1::\/64, Flags \[auto\], valid time 86400s/);
  });

  it('S26: stateful DHCPv6 gives the address the API shows, beside a DHCPv4 lease', () => {
    const guest = lab.guest(ports.stateful);
    const given = lab.lease6(guest);
    expect(given?.get('new_ip6_address')).toBe('2001:db8:2::23');
    expect(given?.get('new_dhcp6_name_servers')).toBe('2001:4860::1111');
    expect(given?.get('new_dhcp6_domain_search')).toBe('openstacklocal.');
    expect(lab.lease(guest)?.get('ip')).toBe('10.65.0.20');
    expect(guest.run(['ip', '-6', 'addr', 'show', 'dev', 'eth0', 'dynamic']).stdout).toBe('');
  });

  it('S26: an IPv6 port boots from the URL it is told (RFC 5970)', () => {
    expect(lab.lease6(lab.guest(ports.netboot))?.get('new_dhcp6_bootfile_url')).toBe('tftp://[2001:db8::66]/pxelinux.0');
    expect(lab.lease6(lab.guest(ports.stateless), ['-S'])?.get('new_dhcp6_bootfile_url')).toBeUndefined();
  });

  it('S17: a stranger gets no address by DHCPv6', () => {
    const guest = lab.guest(ports.stateful);
    lab.setMac(guest, 'fa:16:3e:ff:ff:fe');
    expect(lab.lease6(guest)).toBeNull();
    lab.setMac(guest, ports.stateful.mac);
  });

  it('S26: stateless DHCPv6 gives name servers, and the address is made by the guest', async () => {
    const guest = lab.guest(ports.stateless);
    await settled(guest.name, ports.stateless.addresses[0]?.ip ?? asIp('::'));
    const given = lab.lease6(guest, ['-S']);
    expect([given?.get('new_ip6_address'), given?.get('new_dhcp6_name_servers')]).toEqual([undefined, '2001:4860::2222']);
  });

  it('S26: a subnet without an advertisement mode gets none', () => {
    const guest = lab.guest(ports.silent);
    expect(guest.run(['ip', '-6', 'route', 'show', 'default']).stdout).toBe('');
  });
});

/** Resolves when the guest has the address. */
async function settled(netns: string, ip: Ip): Promise<void> {
  const monitor = spawn('ip', ['-n', netns, 'monitor', 'address'], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(monitor, 'spawn');
  const has = (text: string): boolean => text.includes(`${ip}/`);
  try {
    const shown = spawn('ip', ['-n', netns, '-6', 'addr'], { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    for await (const chunk of shown.stdout) text += String(chunk);
    if (has(text)) return;
    for await (const chunk of monitor.stdout) if (has(String(chunk))) return;
  } finally {
    monitor.kill();
  }
}
