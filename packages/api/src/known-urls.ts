import { DECLARATIONS } from '@manx/model';

const DOCUMENT = ['GET'];
const COLLECTION = ['GET', 'POST'];
const MEMBER = ['GET', 'PUT', 'DELETE'];

const PATHS: ReadonlySet<string> = new Set(Object.values(DECLARATIONS).map(({ path }) => path));
const DOCUMENTS: ReadonlySet<string> = new Set(['', 'v2.0', 'v2.0/extensions', 'healthz', 'readyz']);

/** The methods that a URL's path answers to, or null when there is nothing at that path: what tells a 405 from a 404. */
export const allowedMethods = (path: string): readonly string[] | null => {
  const parts = path.split('/').filter((part) => part !== '');
  const [version, collection] = parts;
  if (DOCUMENTS.has(parts.join('/'))) return DOCUMENT;
  if (version !== 'v2.0' || collection === undefined || parts.length > 3) return null;
  if (collection === 'extensions') return DOCUMENT;
  if (!PATHS.has(collection)) return null;
  return parts.length === 2 ? COLLECTION : MEMBER;
};
