import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readCloud } from './read-cloud.js';

const folder = mkdtempSync(join(tmpdir(), 'manx-t-cloud-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = join(folder, 'cloud.yaml');

/** What is said of a file with this text, without the folder. */
const complaint = async (text: string): Promise<string> => {
  writeFileSync(file, text);
  const said = await readCloud(file).then(
    () => 'nothing',
    (error: unknown) => (error as Error).message,
  );
  return said.replaceAll(`${folder}/`, '');
};

const good = `hosts: [h1, h2]
networks:
  green:
    project: shop
    subnets: [10.65.0.0/24, 2001:db8:65::/64]
groups:
  web:
    project: shop
    rules: [tcp/80 from any, any from group:web]
instances:
  one: { network: green, host: h1, groups: [web] }
  two: { network: green }
expectations:
  - one -> two tcp/80: allowed
  - outside -> one tcp/80 v6: denied
`;

describe('a cloud file', () => {
  it('is read whole: an instance without a project has that of its network', async () => {
    writeFileSync(file, good);
    const cloud = await readCloud(file);
    expect(cloud.hosts).toEqual(['h1', 'h2']);
    expect(cloud.instances).toEqual([
      { name: 'one', project: 'shop', network: 'green', host: 'h1', groups: ['web'], address: null },
      { name: 'two', project: 'shop', network: 'green', host: null, groups: [], address: null },
    ]);
    expect(cloud.groups[0]?.rules).toHaveLength(4);
    expect(cloud.expectations.map(({ text }) => text)).toEqual(['one -> two tcp/80: allowed', 'outside -> one tcp/80 v6: denied']);
  });

  it.each([
    ['an unknown key', ['host: h1, groups', 'hots: h1, groups'], /^cloud\.yaml:\d+:\d+: .*hots.*host/],
    ['a wrong type', ['hosts: [h1, h2]', 'hosts: 2'], /^cloud\.yaml:1:8: hosts: /],
    ['a subnet with host bits', ['10.65.0.0/24', '10.65.0.7/24'], /^cloud\.yaml:5:15: .*without host bits/],
    ['a rule that is none', ['tcp/80 from any', 'tcp/80 form any'], /^cloud\.yaml:9:13: .*tcp\/80 from any/],
    [
      'a network that is not there, and which one was meant',
      ['two: { network: green', 'two: { network: grene'],
      /^cloud\.yaml:12:19: .*"grene".*"green"/,
    ],
    ['a host that is not there', ['host: h1, groups', 'host: h3, groups'], /^cloud\.yaml:11:32: .*"h3"/],
    ['a group that is not there', ['groups: [web] }', 'groups: [wbe] }'], /^cloud\.yaml:11:45: .*"wbe".*"web"/],
    ['a remote group that is not there', ['group:web', 'group:app'], /^cloud\.yaml:9:30: .*"app"/],
    ['an expectation of an instance that is not there', ['one -> two', 'one -> tow'], /^cloud\.yaml:14:\d+: .*"tow".*"two"/],
    ['an expectation that is none', ['one -> two tcp/80: allowed', 'one -> two tcp/80: yes'], /^cloud\.yaml:14:\d+: .*allowed/],
    [
      'a subnet that overlaps another (S13)',
      ['2001:db8:65::/64]', '10.65.0.128/25]'],
      /^cloud\.yaml:5:29: .*10\.65\.0\.128\/25 overlaps 10\.65\.0\.0\/24/,
    ],
    [
      'an address outside the network',
      ['two: { network: green', 'two: { network: green, address: 10.66.0.9'],
      /^cloud\.yaml:12:35: .*10\.66\.0\.9 is in no subnet/,
    ],
    [
      "another project's group",
      ['one: { network: green', 'one: { project: bank, network: green'],
      /^cloud\.yaml:11:\d+: .*group web is of project shop, one of project bank/,
    ],
    ['YAML that is none', ['groups:\n  web:', 'groups:\n  web: ['], /^cloud\.yaml:\d+:\d+: .*YAML/],
  ] as const)('%s: named with file, line and column', async (_, [right, wrong], said) => {
    expect(good).toContain(right);
    expect(await complaint(good.replace(right, wrong))).toMatch(said);
  });

  it('an address that two instances want (S12) is named with both', async () => {
    const twice = good
      .replace('one: { network: green', 'one: { network: green, address: 10.65.0.9')
      .replace('two: { network: green', 'two: { network: green, address: 10.65.0.9');
    expect(await complaint(twice)).toMatch(/^cloud\.yaml:11:\d+: .*10\.65\.0\.9 is two's already/);
  });

  it('may write IPv6 as it likes', async () => {
    writeFileSync(file, good.replace('2001:db8:65::/64', '2001:0DB8:65:0::/64'));
    expect((await readCloud(file)).networks[0]?.subnets).toEqual(['10.65.0.0/24', '2001:db8:65::/64']);
  });

  it('that is not there is named', async () => {
    await expect(readCloud(join(folder, 'absent.yaml'))).rejects.toThrow(/absent\.yaml.*no such file/);
  });
});

describe('the examples that we ship', () => {
  const shipped = fileURLToPath(new URL('../clouds', import.meta.url));
  const examples = readdirSync(shipped);

  it.each(examples)('%s can be read, and expects something allowed and, where there are rules, something denied', async (name) => {
    const cloud = await readCloud(join(shipped, name));
    expect(cloud.expectations.some(({ isAllowed }) => isAllowed)).toBe(true);
    expect(cloud.instances.length).toBeGreaterThan(1);
  });

  it('the default: three hosts, a provider network and two tenant networks of two projects, six instances, two groups, both families', async () => {
    const cloud = await readCloud(join(shipped, 'default.yaml'));
    expect([cloud.hosts.length, cloud.networks.length, cloud.instances.length, cloud.groups.length]).toEqual([3, 3, 6, 2]);
    expect(new Set(cloud.networks.filter(({ shared }) => !shared).map(({ project }) => project)).size).toBe(2);
    for (const { name, subnets } of cloud.networks)
      expect(
        subnets.map((cidr) => cidr.includes(':')),
        name,
      ).toEqual([false, true]);
  });

  it('S5, S6: the flat space: 10.65.0.2 reaches 172.18.3.23, on two networks without a router, and is seen as itself', async () => {
    const cloud = await readCloud(join(shipped, 'flat-space.yaml'));
    expect(cloud.networks.map(({ subnets }) => subnets)).toEqual([['10.65.0.0/24'], ['172.18.0.0/16']]);
    const addressOf = (name: string) => cloud.instances.find((instance) => instance.name === name)?.address;
    expect(
      cloud.expectations.some(
        ({ from, to, source }) => addressOf(from) === '10.65.0.2' && addressOf(to) === '172.18.3.23' && source === '10.65.0.2',
      ),
    ).toBe(true);
  });
});
