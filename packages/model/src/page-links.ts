import type { Query } from './query.js';

/** One link of `<collection>_links`. */
export type PageLink = { readonly rel: 'next' | 'previous'; readonly href: string };

/** A list that was answered: where, with what parameters, and the ids that it shows. */
export type AnsweredPage = {
  /** The URL without its query. */
  readonly url: string;
  readonly parameters: ReadonlyArray<readonly [string, string]>;
  readonly ids: readonly string[];
};

/** The links of a page, as Neutron gives them: to the next unless this was the last, to the previous unless this was the first of a way back. Empty without a limit. */
export function pageLinks(query: Pick<Query, 'limit' | 'isReverse'>, page: AnsweredPage): PageLink[] {
  if (query.limit === null) return [];
  const isShort = page.ids.length < query.limit;
  const links: PageLink[] = [];
  if (!isShort || query.isReverse) links.push({ rel: 'next', href: hrefOf(page, page.ids.at(-1), false) });
  if (!isShort || !query.isReverse) links.push({ rel: 'previous', href: hrefOf(page, page.ids[0], true) });
  return links;
}

function hrefOf({ url, parameters }: AnsweredPage, marker: string | undefined, isReverse: boolean): string {
  const kept = parameters.filter(([name]) => name !== 'marker' && name !== 'page_reverse').map(([name, value]) => [name, value] as const);
  const all = [
    ...kept,
    ...(marker === undefined ? [] : [['marker', marker] as const]),
    ...(isReverse ? [['page_reverse', 'True'] as const] : []),
  ];
  return `${url}?${all.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')}`;
}
