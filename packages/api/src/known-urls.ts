import type { FastifyInstance } from 'fastify';

/** One route: its methods, and the parts of its path; a part that begins with `:` is any one part. */
type KnownUrl = { readonly methods: Set<string>; readonly parts: readonly string[] };

/** The URLs that an app answers to, learnt as its routes are added: what tells a 405 from a 404. */
export const watchRoutes = (app: FastifyInstance): ((path: string) => readonly string[] | null) => {
  const byLength = new Map<number, Map<string, KnownUrl>>();
  app.addHook('onRoute', ({ url, method }) => {
    const parts = partsOf(url);
    const known = byLength.get(parts.length) ?? new Map<string, KnownUrl>();
    byLength.set(parts.length, known);
    const shape = parts.map((part) => (part.startsWith(':') ? ':' : part)).join('/');
    const entry = known.get(shape) ?? { methods: new Set<string>(), parts };
    known.set(shape, entry);
    for (const one of [method].flat()) entry.methods.add(one);
  });
  return (path) => {
    const parts = partsOf(path);
    const methods = new Set<string>();
    for (const known of byLength.get(parts.length)?.values() ?? []) {
      if (known.parts.every((part, at) => part.startsWith(':') || part === parts[at])) for (const one of known.methods) methods.add(one);
    }
    return methods.size === 0 ? null : [...methods];
  };
};

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '');
