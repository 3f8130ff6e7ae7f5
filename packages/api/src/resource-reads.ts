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
  singularOf,
} from '@manx/model';
import type { Policy } from '@manx/policy';
import { type Answer, refusal } from './answer.js';
import { checkParent } from './check-parent.js';
import { listBody } from './list-body.js';
import { viewTexter } from './view-text.js';

/** A GET: of what, for whom, and with which query. */
export type ReadRequest = {
  readonly kind: ResourceKind;
  readonly actor: Actor;
  readonly policy: Policy;
  readonly parameters: readonly (readonly [string, string])[];
  /** The URL without its query, for the links of a page. */
  readonly url: string;
  /** As in `WriteRequest`. */
  readonly parentId: string | null;
};

/** Answers `GET /v2.0/{collection}`. */
export const answerList = (request: ReadRequest): ((state: StateReader) => Answer) => {
  const { kind, actor, policy, parameters, url, parentId } = request;
  const { collection, parent } = declarationOf(kind);
  const asked = parseQuery(kind, parameters);
  if (isProblem(asked)) return () => refusal(asked);
  const query = parent === undefined ? asked : { ...asked, filters: new Map([...asked.filters, [parent.attribute, [parentId]]]) };
  return (state) => {
    const viewpoint = { state, actor, policy };
    const lost = checkParent(viewpoint, { kind, parentId, id: null });
    if (lost !== null) return refusal(lost);
    const found = list(kind, query, viewpoint);
    if (isProblem(found)) return refusal(found);
    const rows = found.map(viewTexter(kind, { ...viewpoint, fields: query.fields }));
    const links = pageLinks(query, { url, parameters, ids: found.map(({ id }) => id) });
    const linksText = links.length === 0 ? '' : `,"${collection}_links":${JSON.stringify(links)}`;
    return { status: 200, text: null, bytes: listBody(`{"${collection}":[`, rows, `]${linksText}}`) };
  };
};

/** Answers `GET /v2.0/{collection}/{id}`; what the actor may not see is not there. */
export const answerShow =
  ({ kind, actor, policy, parameters, parentId }: ReadRequest, id: string): ((state: StateReader) => Answer) =>
  (state) => {
    const viewpoint = { state, actor, policy };
    const lost = checkParent(viewpoint, { kind, parentId, id });
    if (lost !== null) return refusal(lost);
    const resource: Resource | undefined = state.get(kind, id);
    if (resource === undefined || !isVisible(viewpoint, kind, resource)) return refusal(notFound(kind, id));
    const fields = parameters.filter(([name, value]) => name === 'fields' && value !== '').map(([, value]) => value);
    return { status: 200, text: `{"${singularOf(declarationOf(kind))}":${viewTexter(kind, { ...viewpoint, fields })(resource)}}` };
  };
