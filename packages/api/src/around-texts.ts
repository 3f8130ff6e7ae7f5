import { type Resource, type ResourceKind, type StateReader, watchReads } from '@manx/model';
import { KeptTexts } from './kept-texts.js';

/** Texts of one sort that were made from one state, and of which kinds anything was read for any of them. */
type Kept = {
  readonly kinds: Set<ResourceKind>;
  readonly reader: StateReader;
  readonly texts: KeptTexts<{ readonly text: string; readonly at: number }>;
};

const kept = new WeakMap<StateReader, Map<string, Kept>>();

/** As in `viewTexter`. */
const SORTS_LIMIT = 200;

/**
 * Texts that `make` makes of resources and what is around them, each made again only after something of a kind has changed of which anything was read.
 * `make` must look at the resource and at the state that it is given, and at nothing else. To be used while the state stays as it is.
 */
export const aroundTexts = (
  state: StateReader,
  sort: string,
  make: (resource: Resource, state: StateReader) => string,
): ((resource: Resource) => string) => {
  const mine = keptFor(state, sort);
  if (mine === null) return (resource) => make(resource, state);
  const { kinds, reader, texts } = mine;
  const lastChange = (): number => Math.max(0, ...[...kinds].map((kind) => state.lastChange(kind)));
  let [count, newest] = [kinds.size, lastChange()];
  const at = state.lastChange();
  return (resource) => {
    const known = texts.get(resource);
    if (known !== undefined && known.at >= newest) return known.text;
    const text = make(resource, reader);
    if (kinds.size !== count) [count, newest] = [kinds.size, lastChange()];
    texts.set(resource, { text, at });
    return text;
  };
};

const keptFor = (state: StateReader, sort: string): Kept | null => {
  let sorts = kept.get(state);
  if (sorts === undefined) kept.set(state, (sorts = new Map()));
  const known = sorts.get(sort);
  if (known !== undefined || sorts.size >= SORTS_LIMIT) return known ?? null;
  const kinds = new Set<ResourceKind>();
  const made: Kept = { kinds, reader: watchReads(state, kinds), texts: new KeptTexts() };
  sorts.set(sort, made);
  return made;
};
