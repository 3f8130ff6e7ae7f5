import { readFile } from 'node:fs/promises';
import { parseCidr, parseIp } from '@manx/ip';
import { closestWord, placeOf, readSettings } from '@manx/settings';
import { type Static, Type } from 'typebox';
import { type Cloud, type CloudGroup, type Expectation, outsideName } from './cloud.js';
import { cloudProblems } from './cloud-sense.js';
import { expectationForm, parseExpectation, parseRule, ruleForm } from './cloud-words.js';
import { LabError } from './lab-error.js';

const exact = { additionalProperties: false } as const;
const name = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,24}$' });
const named = <T extends Parameters<typeof Type.Record>[1]>(value: T) =>
  Type.Record(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,24}$' }), value, exact);

/** The schema of `cloud.yaml`. */
const cloudSchema = Type.Object(
  {
    hosts: Type.Array(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,8}$' }), { minItems: 1, maxItems: 100, uniqueItems: true }),
    networks: Type.Optional(
      named(
        Type.Object(
          {
            project: Type.Optional(name),
            shared: Type.Optional(Type.Boolean()),
            subnets: Type.Array(Type.String({ format: 'cidr' }), { minItems: 1 }),
          },
          exact,
        ),
      ),
    ),
    groups: Type.Optional(named(Type.Object({ project: Type.Optional(name), rules: Type.Array(Type.String({ format: 'rule' })) }, exact))),
    instances: Type.Optional(
      named(
        Type.Object(
          {
            project: Type.Optional(name),
            network: name,
            host: Type.Optional(name),
            groups: Type.Optional(Type.Array(name)),
            address: Type.Optional(Type.String({ format: 'ip' })),
          },
          exact,
        ),
      ),
    ),
    expectations: Type.Optional(Type.Array(Type.Record(Type.String(), Type.String(), { minProperties: 1, maxProperties: 1 }))),
  },
  exact,
);

const formats = {
  cidr: { check: (text: string) => parseCidr(text)?.hostBits === false, says: 'a prefix without host bits, such as 10.65.0.0/24' },
  ip: { check: (text: string) => parseIp(text) !== null, says: 'an address such as 10.65.0.2' },
  rule: { check: (text: string) => parseRule(text) !== null, says: ruleForm },
};

type CloudFile = Static<typeof cloudSchema>;

/** The project of whatever names none. */
const defaultProject = 'admin';

/** Reads `cloud.yaml`. SettingsFault or LabError name file, line and column of what is wrong; nothing is built then. */
export const readCloud = async (path: string): Promise<Cloud> => {
  const file = await readSettings(path, cloudSchema, formats);
  const text = await readFile(path, 'utf8');
  const complain = (at: readonly (string | number)[], detail: string): never => {
    const { line, column } = placeOf(text, at);
    throw new LabError('cloud-file', `${path}:${line}:${column}: ${at.join('.')}: ${detail}`);
  };
  const demand = (at: readonly (string | number)[], wanted: string, known: readonly string[]): void => {
    if (known.includes(wanted)) return;
    const close = closestWord(wanted, known);
    complain(at, `there is no ${JSON.stringify(wanted)} in this file${close === null ? '' : `; did you mean ${JSON.stringify(close)}?`}`);
  };
  checkReferences(file, demand);
  const cloud = { ...withoutExpectations(file), expectations: expectationsOf(file, { complain, demand }) };
  for (const { at, detail } of cloudProblems(cloud)) complain(at, detail);
  return cloud;
};

type Demand = (at: readonly (string | number)[], wanted: string, known: readonly string[]) => void;

const checkReferences = (file: CloudFile, demand: Demand): void => {
  const groups = Object.keys(file.groups ?? {});
  for (const [group, { rules }] of Object.entries(file.groups ?? {})) {
    for (const [index, rule] of rules.entries()) {
      for (const { remoteGroup } of parseRule(rule) ?? [])
        if (remoteGroup !== undefined) demand(['groups', group, 'rules', index], remoteGroup, groups);
    }
  }
  for (const [instance, { network, host, groups: wanted = [] }] of Object.entries(file.instances ?? {})) {
    const at = (key: string) => ['instances', instance, key];
    demand(at('network'), network, Object.keys(file.networks ?? {}));
    if (host !== undefined) demand(at('host'), host, file.hosts);
    for (const [index, group] of wanted.entries()) demand([...at('groups'), index], group, groups);
  }
};

const withoutExpectations = (file: CloudFile): Omit<Cloud, 'expectations'> => ({
  hosts: file.hosts,
  networks: Object.entries(file.networks ?? {}).map(([network, { project = defaultProject, shared = false, subnets }]) => ({
    name: network,
    project,
    shared,
    subnets: subnets.map((cidr) => parseCidr(cidr)?.cidr ?? cidr),
  })),
  groups: Object.entries(file.groups ?? {}).map(
    ([group, { project = defaultProject, rules }]): CloudGroup => ({
      name: group,
      project,
      rules: rules.flatMap((rule) => parseRule(rule) ?? []),
    }),
  ),
  instances: Object.entries(file.instances ?? {}).map(([instance, { project, network, host = null, groups = [], address = null }]) => ({
    name: instance,
    project: project ?? file.networks?.[network]?.project ?? defaultProject,
    network,
    host,
    groups,
    address: address === null ? null : (parseIp(address) ?? address),
  })),
});

const expectationsOf = (
  file: CloudFile,
  { complain, demand }: { readonly complain: (at: readonly (string | number)[], detail: string) => never; readonly demand: Demand },
): Expectation[] => {
  const known = [...Object.keys(file.instances ?? {}), outsideName];
  return (file.expectations ?? []).flatMap((entry, index) =>
    Object.entries(entry).map(([flow, outcome]) => {
      const at = ['expectations', index, flow];
      const expectation = parseExpectation(flow, outcome) ?? complain(at, `is not ${expectationForm}`);
      demand(at, expectation.from, known);
      demand(at, expectation.to, known);
      return expectation;
    }),
  );
};
