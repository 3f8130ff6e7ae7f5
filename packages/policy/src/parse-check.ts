import { CREDENTIALS } from './credentials.js';
import type { Expression, Template } from './expression.js';
import { nearestName } from './nearest-name.js';

/** Why a check cannot be read. */
export type CheckFault = { readonly code: 'syntax' | 'unknown-check' | 'unknown-credential'; readonly detail: string };

/** Reads one check: `role:admin`, `@`, `field:networks:shared=True`; the column is for what it refers to. */
export function parseCheck(text: string, column: number): Expression | CheckFault {
  if (text === '@' || text === '!') return { kind: 'constant', value: text === '@' };
  const colon = text.startsWith("'") || text.startsWith('"') ? text.indexOf(':', text.indexOf(text.charAt(0), 1)) : text.indexOf(':');
  if (colon < 1) return { code: 'syntax', detail: `'${text}' is neither a check (kind:match) nor one of @ ! and or not` };
  const kind = text.slice(0, colon);
  const rest = text.slice(colon + 1);
  if (kind === 'rule') return rest === '' ? { code: 'syntax', detail: 'rule: without a name' } : { kind: 'rule', name: rest, column };
  if (kind === 'field') return parseField(rest);
  if (kind === 'http' || kind === 'https')
    return { code: 'unknown-check', detail: `${kind}: checks ask another server, which Manx does not` };
  const match = parseTemplate(rest);
  if ('code' in match) return match;
  if (kind === 'role') return { kind: 'role', match };
  const literal = literalText(kind);
  if (literal !== null) return { kind: 'literal', text: literal, match };
  if (Object.hasOwn(CREDENTIALS, kind)) return { kind: 'credential', name: kind, match };
  const near = nearestName(kind, ['role', 'rule', 'field', ...Object.keys(CREDENTIALS)]);
  return {
    code: 'unknown-credential',
    detail: `nothing called '${kind}' is known of whoever asks${near === null ? '' : ` (did you mean ${near}?)`}`,
  };
}

/** A fixed text as rules write it: in quotes, a number, or True, False, None; null for a name. */
function literalText(kind: string): string | null {
  const quoted = /^'([^']*)'$|^"([^"]*)"$/.exec(kind);
  if (quoted !== null) return quoted[1] ?? quoted[2] ?? '';
  return /^(True|False|None|-?\d+(\.\d+)?)$/.test(kind) ? kind : null;
}

/** Reads Python's `%(name)s` in a text; `%%` is a percent sign. */
function parseTemplate(text: string): Template | CheckFault {
  const parts: Array<string | { attribute: string }> = [];
  for (const { 0: piece, 1: attribute } of text.matchAll(/%\(([^()]+)\)s|%%|[^%]+|%/g)) {
    if (piece === '%') return { code: 'syntax', detail: `'${text}' has a % that does not begin %(attribute)s` };
    parts.push(attribute === undefined ? (piece === '%%' ? '%' : piece) : { attribute });
  }
  return parts;
}

function parseField(text: string): Expression | CheckFault {
  const { 1: collection, 2: field, 3: value } = /^([^:=]+):([^=]+)=(.*)$/.exec(text) ?? [];
  if (collection === undefined || field === undefined || value === undefined) {
    return { code: 'syntax', detail: `'field:${text}' is not field:collection:attribute=value` };
  }
  if (!value.startsWith('~')) return { kind: 'field', collection, field, test: value };
  const pattern = value.slice(1);
  return isPattern(pattern)
    ? { kind: 'field', collection, field, test: new RegExp(`^(?:${pattern})`) }
    : { code: 'syntax', detail: `'${pattern}' is not a regular expression` };
}

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern) instanceof RegExp;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
