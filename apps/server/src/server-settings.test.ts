import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readServerSettings } from './server-settings.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manx-server-'));
});
afterEach(() => rm(folder, { recursive: true }));

const GOOD = [
  'listen:',
  '  api: {address: 127.0.0.1, port: 9696}',
  '  feed: {address: 127.0.0.1, port: 9697}',
  'auth: {kind: none}',
  'store: {kind: sqlite, path: state.db}',
  'agents: {secret_file: secret}',
];

const KEYSTONE =
  'auth: {kind: keystone, auth_url: "http://keystone:5000/v3", username: neutron, password: s3cret, project_name: service, user_domain_name: Default, project_domain_name: Default}';

const read = async (lines: readonly string[]): Promise<unknown> => {
  const path = join(folder, 'server.yaml');
  await writeFile(path, `${lines.join('\n')}\n`);
  return readServerSettings(path);
};
const mistakes = async (lines: readonly string[]): Promise<readonly string[]> => {
  const error: unknown = await read(lines).catch((fault: unknown) => fault);
  return (error as Error).message.replaceAll(`${folder}/`, '').split('\n');
};
/** The good file with one line changed. */
const withLine = (line: number, text: string): readonly string[] => GOOD.map((good, at) => (at + 1 === line ? text : good));

describe('server.yaml', () => {
  it('has defaults, and paths relative to its folder', async () => {
    expect(await read(GOOD)).toEqual({
      listen: { api: { address: '127.0.0.1', port: 9696 }, feed: { address: '127.0.0.1', port: 9697 } },
      auth: { kind: 'none' },
      store: { kind: 'sqlite', path: join(folder, 'state.db') },
      agents: { secret_file: join(folder, 'secret') },
      address_space: { overlapping_subnets: 'refuse' },
      dns_domain: 'openstacklocal.',
      mtu: 1500,
      log: { level: 'info' },
    });
  });

  it('S28: takes a domain with a dot at the end or without, in any case, or none', async () => {
    for (const text of ['cloud.example.org', 'Cloud.Example.org.'])
      expect(await read([...GOOD, `dns_domain: ${text}`])).toMatchObject({ dns_domain: 'cloud.example.org.' });
    expect(await read([...GOOD, "dns_domain: ''"])).toMatchObject({ dns_domain: '' });
    for (const text of ['a..b', '-a.b', 'a b']) await expect(read([...GOOD, `dns_domain: ${text}`])).rejects.toThrow(/:7:\d+: dns_domain/);
  });

  it('takes the most address pairs that a port may have, within bounds', async () => {
    expect(await read([...GOOD, 'max_allowed_address_pair: 20000'])).toMatchObject({ max_allowed_address_pair: 20_000 });
    await expect(read([...GOOD, 'max_allowed_address_pair: -1'])).rejects.toThrow(/max_allowed_address_pair/);
  });

  it('takes a socket that the parent process opened', async () => {
    expect(await read(withLine(2, '  api: {fd: 3}'))).toMatchObject({ listen: { api: { fd: 3 } } });
  });

  it('takes Keystone, with files relative to its folder', async () => {
    const auth = KEYSTONE.replace('password: s3cret', 'password_file: keystone.password, cafile: ca.pem');
    expect(await read(withLine(4, auth))).toMatchObject({
      auth: { kind: 'keystone', password_file: join(folder, 'keystone.password'), cafile: join(folder, 'ca.pem') },
    });
    expect(await read(withLine(4, KEYSTONE))).toMatchObject({ auth: { kind: 'keystone', password: 's3cret' } });
  });

  it.each([
    ['an unclosed bracket', withLine(4, 'auth: {kind: none'), /^server\.yaml:\d+:\d+: this is not valid YAML/],
    ['a key twice', [...GOOD, 'auth: {kind: none}'], /^server\.yaml:7:1: this is not valid YAML/],
    ['a key that is not known', withLine(5, 'stroe: {kind: memory}'), /^server\.yaml:5:1: stroe: unknown key \(did you mean store\?\)$/],
    [
      'a key that is not known, deep down',
      withLine(2, '  api: {adress: 127.0.0.1, port: 1}'),
      /^server\.yaml:2:9: listen\.api\.adress: unknown key \(did you mean address\?\)$/,
    ],
    ['a key that is missing', GOOD.slice(0, 4).concat(GOOD.slice(5)), /^server\.yaml:1:1: store: this key is missing$/],
    [
      'text in place of a number',
      withLine(2, '  api: {address: 127.0.0.1, port: http}'),
      /^server\.yaml:2:35: listen\.api\.port: must be a whole number$/,
    ],
    [
      'a port that no machine has',
      withLine(3, '  feed: {address: 127.0.0.1, port: 70000}'),
      /^server\.yaml:3:36: listen\.feed\.port: must be at most 65535$/,
    ],
    [
      'a name in place of an address',
      withLine(2, '  api: {address: localhost, port: 1}'),
      /^server\.yaml:2:18: listen\.api\.address: must be an IP address/,
    ],
    ['a store that there is not', withLine(5, 'store: {kind: mysql}'), /^server\.yaml:5:15: store\.kind: must be one of sqlite, memory$/],
    [
      'an authentication that there is not',
      withLine(4, 'auth: {kind: ldap}'),
      /^server\.yaml:4:14: auth\.kind: must be one of none, keystone$/,
    ],
    ['Keystone without a URL', withLine(4, 'auth: {kind: keystone}'), /^server\.yaml:4:7: auth\.auth_url: this key is missing$/],
    [
      'no password for Keystone',
      withLine(4, KEYSTONE.replace(', password: s3cret', '')),
      /^server\.yaml:4:7: auth: password or password_file is missing$/,
    ],
    [
      'two passwords for Keystone',
      withLine(4, KEYSTONE.replace('}', ', password_file: x}')),
      /^server\.yaml:4:\d+: auth\.password_file: there is a password as well/,
    ],
    [
      'a password in a URL',
      withLine(4, KEYSTONE.replace('http://', 'http://me:hunter2@')),
      /^server\.yaml:4:\d+: auth\.auth_url: must be an http or https URL without a name, password(?!.*hunter2)/,
    ],
    [
      'no URL for Keystone',
      withLine(4, KEYSTONE.replace('http:', 'ftp:')),
      /^server\.yaml:4:\d+: auth\.auth_url: must be an http or https URL/,
    ],
    [
      'events for Nova without Keystone',
      [...GOOD, 'nova: {notify: true}'],
      /^server\.yaml:7:\d+: nova\.notify: needs auth: \{kind: keystone\}/,
    ],
    ['an MTU below what IPv6 needs', [...GOOD, 'mtu: 900'], /^server\.yaml:7:6: mtu: must be at least 1280$/],
    [
      'a level that there is not',
      [...GOOD, 'log: {level: loud}'],
      /^server\.yaml:7:14: log\.level: must be one of debug, info, warn, error, silent$/,
    ],
    ['nothing at all', [''], /^server\.yaml:1:1: the file is empty$/],
  ])('%s: file, line and column, and what belongs there', async (_title, lines, message) => {
    expect((await mistakes(lines)).some((line) => message.test(line))).toBe(true);
  });

  it('a file that is not there is named', async () => {
    await expect(readServerSettings(join(folder, 'none.yaml'))).rejects.toThrow(/none\.yaml:1:1: there is no such file/);
  });
});
