import type { Attribute } from './declaration.js';
import { tagFilterAttributes } from './tag-filters.js';
import { integer, ownerText, readOnly, text, uuid } from './value-rule.js';

/** Neutron's column widths, in characters. */
export const NAME_LENGTH = 255;
const DESCRIPTION_LENGTH = 255;
const PROJECT_ID_LENGTH = 255;

/** An attribute that every user sees and nobody sets: the server's own word. */
export function told(doc: string, rule: Attribute['rule']): Attribute {
  return { doc, rule, onCreate: 'refused', onUpdate: 'refused', seenBy: 'all', isFilter: true, isSortKey: true };
}

/** An attribute that may be set at creation and later, with this preset, filtered and sorted by. */
export function settable(doc: string, rule: Attribute['rule'], preset: unknown): Attribute {
  return { doc, rule, onCreate: 'optional', onUpdate: 'optional', preset, seenBy: 'all', isFilter: true, isSortKey: true };
}

const instant = readOnly({ type: 'string', format: 'date-time' }, (value) => canonicalInstant(value));

/** The id, first in every view. */
export const idAttribute = {
  id: told('The UUID of the resource.', { ...readOnly(uuid.schema), readFilter: (value) => value.toLowerCase() }),
};

/** The owner, under both of its names: `project_id`, and `tenant_id` from before it was called so. */
export const ownerAttributes = {
  tenant_id: ownerAttribute('The owner; the older name of `project_id`.'),
  project_id: ownerAttribute('The project that owns the resource; only an administrator may name another than its own.'),
};

/** The owner of what is the whole deployment's: taken from whoever sends one, and not seen. */
export const hiddenOwnerAttributes = {
  tenant_id: hidden(ownerAttributes.tenant_id),
  project_id: hidden(ownerAttributes.project_id),
};

function hidden(attribute: Attribute): Attribute {
  return { ...attribute, seenBy: 'nobody', isFilter: false, isSortKey: false };
}

function ownerAttribute(doc: string): Attribute {
  const rule = ownerText(PROJECT_ID_LENGTH);
  return { doc, rule, onCreate: 'optional', onUpdate: 'refused', seenBy: 'all', isFilter: true, isSortKey: true };
}

/** Neutron's standard attributes, last in every view. */
export const standardAttributes = {
  tags: { ...told('Labels, sorted; set through `/tags`.', readOnly({ type: 'array', items: { type: 'string' } })), isSortKey: false },
  ...tagFilterAttributes,
  description: settable('Free text.', text(DESCRIPTION_LENGTH), ''),
  created_at: told('When it was made, UTC.', instant),
  updated_at: told('When it last changed, UTC.', instant),
  revision_number: told('Grows with each change; `If-Match: revision_number=N` makes a change conditional on it.', {
    ...readOnly({ type: 'integer' }),
    ...filterOf(integer(0, Number.MAX_SAFE_INTEGER)),
  }),
  changed_since: {
    ...told('Filter: resources changed at or after this time.', instant),
    seenBy: 'nobody',
    isSortKey: false,
  },
} as const satisfies { readonly [name: string]: Attribute };

const { tags: _tags, 'tags-any': _any, 'not-tags': _not, 'not-tags-any': _none, ...untagged } = standardAttributes;

/** The standard attributes of kinds that have no tags in Neutron. */
export const untaggedAttributes = untagged;

function filterOf(rule: Attribute['rule']): Pick<Attribute['rule'], 'readFilter'> {
  return rule.readFilter === undefined ? {} : { readFilter: rule.readFilter };
}

/** A time as the state writes it (`2026-01-31T23:59:59Z`) from any of the spellings that clients send; other text as it is. */
function canonicalInstant(value: string): string {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+]00:?00)?$/.exec(value);
  return match === null ? value : `${match[1]}T${match[2]}Z`;
}

/** The filter by `changed_since`; times in canonical text compare as text. */
export const changedSince = {
  changed_since: (resource: { readonly updated_at: string }, wanted: readonly unknown[]): boolean =>
    wanted.some((since) => resource.updated_at >= String(since)),
};
