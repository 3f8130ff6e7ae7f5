import { declarationOf } from './declarations.js';
import { isProblem, type Problem, problem } from './problem.js';
import { RESOURCE_KINDS, type ResourceKind } from './resource.js';
import { isRecord, shown } from './value-rule.js';

/** The longest tag, in characters, and the most tags of one resource (neutron `extensions/tagging.py`). */
const TAG_LENGTH = 255;
export const TAG_LIMIT = 50;

/** The kinds that have tags: those that declare them. */
export const TAGGED_KINDS: readonly ResourceKind[] = RESOURCE_KINDS.filter((kind) => Object.hasOwn(declarationOf(kind).attributes, 'tags'));

/** Why a text cannot be a tag, if it cannot. */
export function checkTag(tag: unknown): Problem | null {
  if (typeof tag !== 'string') return invalid(`'${shown(tag)}' is not a valid string`);
  return isTooLong(tag) ? invalid(`'${shown(tag)}' exceeds maximum length of ${TAG_LENGTH}`) : null;
}

/** Characters are code points, as in Neutron. */
function isTooLong(tag: string): boolean {
  return tag.length > TAG_LENGTH && Array.from(tag).length > TAG_LENGTH;
}

/** Reads the body of a PUT or POST of tags, `{"tags": [...]}`: sorted. */
export function decodeTags(body: unknown): readonly string[] | Problem {
  if (!isRecord(body) || !Object.hasOwn(body, 'tags')) return invalid('Invalid tags body');
  return readTags(body['tags']);
}

/** Reads a list of tags, none twice: sorted. */
export function readTags(list: unknown): readonly string[] | Problem {
  if (!Array.isArray(list)) return invalid(`'${shown(list)}' is not a list`);
  const seen = new Set<string>();
  for (const tag of list as unknown[]) {
    const wrong = checkTag(tag);
    if (isProblem(wrong)) return wrong;
    if (seen.has(String(tag))) return invalid(`Duplicate items in the list: '${shown(list)}'`);
    seen.add(String(tag));
  }
  return [...seen].sort();
}

function invalid(error_message: string): Problem {
  return problem('InvalidInput', { error_message });
}
