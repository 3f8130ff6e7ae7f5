import { describe, expect, it } from 'vitest';
import { cloudChanges } from './build-cloud.js';
import { EXAMPLE_CLOUDS } from './example-clouds.js';
import type { Port } from './port.js';
import type { Resource } from './resource.js';
import { SharedValues } from './shared-values.js';

const everything = (): readonly Resource[] =>
  Object.values(EXAMPLE_CLOUDS).flatMap((cloud) => cloudChanges(cloud).flatMap((change) => (change.op === 'put' ? [change.value] : [])));

describe('SharedValues', () => {
  it('changes nothing that a resource says, nor the order in which it says it', () => {
    const shared = new SharedValues();
    for (const resource of everything()) {
      const before = JSON.stringify(resource);
      shared.share(resource);
      expect(JSON.stringify(resource)).toBe(before);
    }
  });

  it('gives resources one empty list and one empty object, which nobody can change', () => {
    const shared = new SharedValues();
    const ports = [1, 2].map((at) => ({ id: `p${at}`, fixed_ips: [], 'binding:profile': {} }) as unknown as Resource);
    for (const port of ports) shared.share(port);
    const [first, second] = ports as unknown as readonly Record<string, object>[];
    for (const name of ['fixed_ips', 'binding:profile']) {
      expect(first?.[name]).toBe(second?.[name]);
      expect(Object.isFrozen(first?.[name])).toBe(true);
    }
  });

  it('says the same of more texts than it remembers', () => {
    const shared = new SharedValues();
    const texts = Array.from({ length: 40_000 }, (_, at) => `project ${at % 39_000}`);
    const said = texts.map((project_id) => {
      const port = { id: 'p', project_id, security_groups: [project_id] } as unknown as Port;
      shared.share(port);
      return [port.project_id, ...port.security_groups];
    });
    expect(said).toEqual(texts.map((text) => [text, text]));
  });
});
