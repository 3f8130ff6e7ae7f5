import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { OpenApiDocument } from './openapi-document.js';

/** An answer as it came, and the request that it answers. */
export type CheckedAnswer = {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly status: number;
  readonly text: string;
};

/** Formats, as strict as our own answers are. */
const FORMATS = {
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
  uri: /^https?:\/\/[^\s]+$/,
} as const;

type Documented = { readonly parts: readonly string[]; readonly path: string; readonly methods: { readonly [method: string]: unknown } };

/** For tests: what of an answer is not as the description of the API says; null when all is. Unknown paths, methods and statuses are told too. */
export const createAnswerChecker = (document: OpenApiDocument): ((answer: CheckedAnswer) => string | null) => {
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats: FORMATS });
  ajv.addSchema({ ...document, $id: 'api' });
  const paths = Object.entries(document.paths).map(([path, methods]): Documented => ({ parts: partsOf(path), path, methods }));
  return (answer) => {
    const { method, status } = answer;
    const found = documentedPath(paths, partsOf(answer.path));
    const isRefusal = status >= 400 && !(found !== undefined && isDescribed(document, found, answer));
    if (found === undefined) return isRefusal ? refusalTrouble(ajv, answer) : `${answer.path} is not described`;
    const name = method.toLowerCase();
    if (found.methods[name] === undefined) return status === 405 ? refusalTrouble(ajv, answer) : `${method} ${found.path} is not described`;
    if (isRefusal) return refusalTrouble(ajv, answer);
    const at = ['paths', found.path, name, 'responses', String(status)];
    const described = at.reduce<unknown>((value, key) => (value as { readonly [key: string]: unknown } | undefined)?.[key], document);
    if (described === undefined) return `${method} ${found.path} answers ${status}, which is not described`;
    const content = (described as { readonly content?: { readonly [type: string]: unknown } }).content;
    if (content === undefined) return answer.text === '' ? null : `${method} ${found.path} answers ${status} with a body`;
    if (!Object.hasOwn(content, 'application/json')) return null;
    const pointer = [...at, 'content', 'application/json', 'schema'].map(escaped).join('/');
    return trouble(ajv, pointer, answer);
  };
};

const refusalTrouble = (ajv: Ajv2020, answer: CheckedAnswer): string | null => trouble(ajv, 'components/schemas/Refusal', answer);

const trouble = (ajv: Ajv2020, pointer: string, { method, path, query, status, text }: CheckedAnswer): string | null => {
  const validate: ValidateFunction | undefined = ajv.getSchema(`api#/${pointer}`);
  if (validate === undefined) return `there is no schema at ${pointer}`;
  if (validate(JSON.parse(text))) return null;
  // With `fields` an answer has what was asked for, and no more.
  const wrong = (validate.errors ?? []).filter(
    ({ keyword }) => !(query.includes('fields=') && (keyword === 'required' || keyword === 'anyOf')),
  );
  if (wrong.length === 0) return null;
  return `${method} ${path} answers ${status} otherwise than described: ${ajv.errorsText(wrong.slice(0, 8))} in ${text.slice(0, 1500)}`;
};

/** Whether the status is one that the operation speaks of itself. */
const isDescribed = ({ paths }: OpenApiDocument, { path }: Documented, { method, status }: CheckedAnswer): boolean =>
  Object.hasOwn(paths[path]?.[method.toLowerCase()]?.['responses'] ?? {}, String(status));

/** The path of the document that an URL's is one of; words before parameters. */
const documentedPath = (paths: readonly Documented[], parts: readonly string[]): Documented | undefined => {
  const fitting = paths.filter(
    (one) => one.parts.length === parts.length && one.parts.every((part, at) => part.startsWith('{') || part === parts[at]),
  );
  const parameters = ({ parts: own }: Documented): number => own.filter((part) => part.startsWith('{')).length;
  return fitting.sort((a, b) => parameters(a) - parameters(b))[0];
};

const partsOf = (path: string): string[] =>
  path
    .replace(/\.json$/, (suffix) => (path === '/openapi.json' ? suffix : ''))
    .split('/')
    .filter((part) => part !== '');

/** As a part of a JSON pointer in a URI fragment (RFC 6901, section 6). */
const escaped = (key: string): string => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
