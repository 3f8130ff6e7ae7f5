import {
  type Actor,
  declarationOf,
  isProblem,
  isVisible,
  list,
  notFound,
  pageLinks,
  parseQuery,
  type Resource,
  type ResourceKind,
  type StateReader,
} from '@manx/model';
import { type Answer, refusal } from './answer.js';
import { viewTexter } from './view-text.js';

/** A GET: of what, for whom, and with which query. */
export type ReadRequest = {
  readonly kind: ResourceKind;
  readonly actor: Actor;
  readonly parameters: readonly (readonly [string, string])[];
  /** The URL without its query, for the links of a page. */
  readonly url: string;
};

/** Answers `GET /v2.0/{collection}`. */
export const answerList = (request: ReadRequest): ((state: StateReader) => Answer) => {
  const { kind, actor, parameters, url } = request;
  const { collection } = declarationOf(kind);
  const query = parseQuery(kind, parameters);
  if (isProblem(query)) return () => refusal(query);
  return (state) => {
    const found = list(kind, query, { state, actor });
    if (isProblem(found)) return refusal(found);
    const rows = found.map(viewTexter(kind, { state, actor, fields: query.fields }));
    const links = pageLinks(query, { url, parameters, ids: found.map(({ id }) => id) });
    const linksText = links.length === 0 ? '' : `,"${collection}_links":${JSON.stringify(links)}`;
    return { status: 200, text: `{"${collection}":[${rows.join(',')}]${linksText}}` };
  };
};

/** Answers `GET /v2.0/{collection}/{id}`; what the actor may not see is not there. */
export const answerShow =
  ({ kind, actor, parameters }: ReadRequest, id: string): ((state: StateReader) => Answer) =>
  (state) => {
    const resource: Resource | undefined = state.get(kind, id);
    if (resource === undefined || !isVisible(state, actor, kind, resource)) return refusal(notFound(kind, id));
    const fields = parameters.filter(([name, value]) => name === 'fields' && value !== '').map(([, value]) => value);
    return { status: 200, text: `{"${kind}":${viewTexter(kind, { state, actor, fields })(resource)}}` };
  };
