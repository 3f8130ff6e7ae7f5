import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readAgentSettings } from './agent-settings.js';
import { demandSettings, renderSettings } from './render-settings.js';

const folder = mkdtempSync(join(tmpdir(), 'manx-t-settings-'));
const file = join(folder, 'agent.yaml');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const LEAST = 'host: h1\nserver: {url: "http://198.19.0.1:9697", token_file: /t}\nstate_dir: /s\nrun_dir: /r\n';
const bgpWith = (more: string): string =>
  `${LEAST}bgp: {asn: 65001, router_id: 1.2.3.4, peers: [{name: tor1, address: 192.0.2.1, asn: 64600, ${more}}]}\n`;
const read = (text: string): ReturnType<typeof readAgentSettings> => {
  writeFileSync(file, text);
  return readAgentSettings(file);
};

describe('agent.yaml', () => {
  it('needs little, and the rest has its defaults', async () => {
    expect(await read(LEAST)).toMatchObject({
      host: 'h1',
      endpoint_to_host: 'drop',
      audit_seconds: 300,
      physical_networks: [],
      protected_prefixes: [],
      log: { level: 'info' },
      dhcp: { lease_seconds: 86_400 },
    });
  });

  it.each([
    ['an unknown key', `${LEAST}enpoint_to_host: drop\n`, ':5:1: enpoint_to_host: unknown key (did you mean endpoint_to_host?)'],
    ['a URL of another kind', LEAST.replace('http://198.19.0.1:9697', 'ftp://x'), ':2:15: server.url: must be a URL'],
    ['a relative path', LEAST.replace('/s', 's'), ':3:12: state_dir: must be a path from the root'],
    ['a physical network twice', `${LEAST}physical_networks: [a, a]\n`, ':5:20: physical_networks'],
    [
      'a physical network without a name',
      `${LEAST}physical_networks: [""]\n`,
      ':5:21: physical_networks.0: must be the name of a physical network',
    ],
    ['a prefix with host bits', `${LEAST}protected_prefixes: [10.0.0.1/8]\n`, ':5:22: protected_prefixes.0: must be a prefix'],
    ['a level of log that is none', `${LEAST}log: {level: loud}\n`, ':5:14: log.level: must be one of debug, info, warn, error'],
    [
      'a multicast address for source NAT',
      `${LEAST}host_snat: {address: 224.0.0.1}\n`,
      ':5:22: host_snat.address: must be an IPv4 address of this host',
    ],
    ['an AS number out of range', `${LEAST}bgp: {asn: 0, router_id: 1.2.3.4}\n`, ':5:12: bgp.asn: must be at least 1'],
    [
      'a password that BIRD cannot be told',
      `${LEAST}bgp: {asn: 1, router_id: 1.2.3.4, peers: [{name: a, address: ::1, asn: 2, password: 'a"b'}]}\n`,
      'password: must be 1 to 80',
    ],
    ['a prefix for everything', bgpWith('accept: [0.0.0.0/0]'), 'accept.0: must be `default` (the default route), `any`, or a prefix'],
    ['a community that is none', bgpWith('communities: ["70000:1"]'), 'communities.0: must be a community such as "65000:100"'],
    ['an action that is none', bgpWith('max_prefix: {action: panic}'), 'must be one of block, restart, disable, warn'],
  ])('names file, line and column of %s', async (_what, text, expected) => {
    await expect(read(text)).rejects.toThrow(`${file}${expected.startsWith(':') ? expected : ''}`);
    await expect(read(text)).rejects.toThrow(expected);
  });

  it('S24: source NAT is off unless there is an address for it', async () => {
    expect(renderSettings(await read(LEAST))).not.toHaveProperty('hostSnat');
    expect(renderSettings(await read(`${LEAST}host_snat: {address: 192.0.2.9}\n`)).hostSnat).toBe('192.0.2.9');
  });

  it('a password is never in a message', async () => {
    const text = `${LEAST}bgp: {asn: 1, router_id: 1.2.3.4, peers: [{name: a, address: ::1, asn: 2, password: 'hunter"2'}]}\n`;
    await expect(read(text)).rejects.not.toThrow('hunter');
  });

  it('BGP: a peer has its settings, and safe ones when none are given', async () => {
    const given =
      'accept: [default, 10.0.0.0/8], max_prefix: {limit: 5}, communities: ["1:2"], bfd: true, multihop: 3, local_address: 192.0.2.2';
    const peerOf = async (more: string): Promise<unknown> => renderSettings(await read(bgpWith(more))).bird?.peers[0];
    expect(await peerOf(given)).toMatchObject({
      accept: ['default', '10.0.0.0/8'],
      maxPrefix: { limit: 5, action: 'block' },
      communities: ['1:2'],
      hasBfd: true,
      multihop: 3,
      hasTtlSecurity: false,
    });
    expect(await peerOf('ttl_security: true')).toMatchObject({ hasTtlSecurity: true, hasBfd: false, accept: undefined });
    const { bird } = renderSettings(await read(`${bgpWith('bfd: true')}protected_prefixes: [198.18.0.0/15]\n`));
    expect(bird?.protectedPrefixes).toEqual(['198.18.0.0/15']);
  });

  it('BGP: what sessions with peers of the API are like is said once for all of them', async () => {
    const api = 'api_peers: {accept: [10.0.0.0/8], local_addresses: [192.0.2.1, "fd00::1"]}';
    const { bird } = renderSettings(await read(`${LEAST}bgp: {asn: 65001, router_id: 192.0.2.1, ${api}}\n`));
    expect(bird?.apiPeers).toMatchObject({ accept: ['10.0.0.0/8'], hasBfd: false, localAddresses: ['192.0.2.1', 'fd00::1'] });
    await expect(read(`${LEAST}bgp: {asn: 65001, router_id: 192.0.2.1, api_peers: {address: 192.0.2.2}}\n`)).rejects.toThrow('address');
  });

  it('what only BIRD would mind is refused before anything is done', async () => {
    const peer = '{name: a, address: 192.0.2.1, asn: 2}';
    const settings = await read(`${LEAST}bgp: {asn: 1, router_id: 1.2.3.4, peers: [${peer}, ${peer}]}\n`);
    expect(() => demandSettings(file, settings)).toThrow('is the name of more than one peer');
  });
});
