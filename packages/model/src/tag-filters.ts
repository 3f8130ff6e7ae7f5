import type { Attribute, FilterTest } from './declaration.js';
import { readOnly } from './value-rule.js';

function filter(doc: string): Attribute {
  const rule = readOnly({ type: 'string' });
  return { doc, rule, onCreate: 'refused', onUpdate: 'refused', seenBy: 'nobody', isFilter: true, isSortKey: false };
}

/** The filters by tags that are no attributes of their own. Each takes tags with commas between them. */
export const tagFilterAttributes = {
  'tags-any': filter('Filter: resources that have at least one of these tags.'),
  'not-tags': filter('Filter: resources that do not have all of these tags.'),
  'not-tags-any': filter('Filter: resources that have none of these tags.'),
} as const satisfies { readonly [name: string]: Attribute };

/** The tests by tags of lists of every kind that has tags (neutron `db/tag`); repeated values add to one set. */
export const TAG_FILTERS: { readonly [name: string]: FilterTest } = {
  tags: tested((tags, wanted) => wanted.every((tag) => tags.includes(tag))),
  'tags-any': tested((tags, wanted) => wanted.some((tag) => tags.includes(tag))),
  'not-tags': tested((tags, wanted) => !wanted.every((tag) => tags.includes(tag))),
  'not-tags-any': tested((tags, wanted) => !wanted.some((tag) => tags.includes(tag))),
};

function tested(test: (tags: readonly string[], wanted: readonly string[]) => boolean): FilterTest {
  return ({ tags = [] }, wanted) => test(tags, tagsIn(wanted));
}

/** The tags that the values of a filter name, each once. */
export function tagsIn(wanted: readonly unknown[]): readonly string[] {
  return [...new Set(wanted.flatMap((text) => String(text).split(',')))];
}
