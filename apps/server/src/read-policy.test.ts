import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPolicy, targetOf } from '@manx/policy';
import { SettingsFault } from '@manx/settings';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readPolicy } from './read-policy.js';
import { StartFault } from './start-fault.js';

const AUDITOR = { roles: ['auditor'], user_id: 'u', project_id: 'audit', domain_id: null, is_admin: false };
const THEIRS = targetOf({ project_id: 'blue' });

describe('the policy file', () => {
  let folder: string;
  const file = async (text: string): Promise<string> => {
    const path = join(folder, 'policy.yaml');
    await writeFile(path, text);
    return path;
  };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'manx-policy-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is laid over the default policy, which stands alone without one', async () => {
    const warnings: string[] = [];
    const policy = await readPolicy(await file('get_port: role:auditor\ncreate_trunk: "@"\n'), (warning) => warnings.push(warning));
    expect(policy.allows('get_port', AUDITOR, THEIRS)).toBe(true);
    expect(policy.allows('get_network', AUDITOR, THEIRS)).toBe(false);
    expect(warnings).toEqual([
      `${join(folder, 'policy.yaml')}:2: create_trunk: Manx does not serve what this is about; the rule has no effect`,
    ]);
    expect(await readPolicy(undefined, () => undefined)).toBe(defaultPolicy);
  });

  it.each([
    ['create_netwrok: "@"\n', /policy\.yaml:1:1: create_netwrok: .*did you mean create_network/],
    ['\nget_port: role:a or\n', /policy\.yaml:2:1: get_port: at character 10 of the rule: the rule ends/],
    ['get_port: rule:nobody\n', /policy\.yaml:1:1: get_port: at character 1 of the rule: there is no rule 'nobody'/],
    ['- a\n', /policy\.yaml:1:1: must be a map/],
  ])('is refused with file and line when it says %j', async (text, expected) => {
    const refused = readPolicy(await file(text), () => undefined);
    await expect(refused).rejects.toThrow(SettingsFault);
    await expect(refused).rejects.toThrow(expected);
  });

  it('tells of every mistake at once, in the order of its lines', async () => {
    const refused = readPolicy(await file('get_port: role:a or\nget_prot: "@"\nget_agent: rule:none\n'), () => undefined);
    await expect(refused).rejects.toThrow(/:1:1: get_port.*\n.*:2:1: get_prot.*\n.*:3:1: get_agent/);
  });

  it('must be there', async () => {
    await expect(readPolicy(join(folder, 'none.yaml'), () => undefined)).rejects.toThrow(StartFault);
  });
});
