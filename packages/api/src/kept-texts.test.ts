import type { Resource } from '@manx/model';
import { describe, expect, it } from 'vitest';
import { KeptTexts } from './kept-texts.js';

const resources = Array.from({ length: 100 }, (_, at) => ({ id: `r${at}` }) as Resource);
const resourceAt = (at: number): Resource => resources[at] as Resource;

describe('KeptTexts', () => {
  it('keeps what was asked for last, and not all', () => {
    const texts = new KeptTexts<string>(10);
    for (const resource of resources) texts.set(resource, resource.id);
    const kept = resources.toReversed().filter((resource) => texts.get(resource) !== undefined);
    expect(kept.slice(0, 10)).toEqual(resources.toReversed().slice(0, 10));
    expect(kept.length).toBeLessThanOrEqual(20);
  });

  it('does not forget what is asked for again and again while others come and go', () => {
    const texts = new KeptTexts<string>(10);
    texts.set(resourceAt(0), 'first');
    for (const resource of resources.slice(1)) {
      texts.set(resource, resource.id);
      expect(texts.get(resourceAt(0))).toBe('first');
    }
  });

  it('has the newest of a resource, also where an older one is still kept', () => {
    const texts = new KeptTexts<string>(2);
    texts.set(resourceAt(0), 'old');
    texts.set(resourceAt(1), 'other');
    texts.set(resourceAt(0), 'new');
    texts.set(resourceAt(2), 'another');
    texts.set(resourceAt(3), 'one more');
    expect(texts.get(resourceAt(0))).toBe('new');
  });
});
