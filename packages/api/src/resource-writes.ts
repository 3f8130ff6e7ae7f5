import { type Admitted, admit, type Command, type Context } from '@manx/admission';
import {
  type Action,
  type Actor,
  declarationOf,
  decodeCreate,
  decodeUpdate,
  isProblem,
  judgementOf,
  type Problem,
  policyName,
  problem,
  type Resource,
  type ResourceKind,
  type State,
  type StateReader,
  singularOf,
  type Viewpoint,
} from '@manx/model';
import { type Answer, refusal } from './answer.js';
import { checkParent, type InUrl } from './check-parent.js';
import { parseIfMatch } from './if-match.js';
import type { Decision } from './ledger.js';
import { viewTexter } from './view-text.js';

/** A POST, PUT or DELETE on a kind of resource: what came, and on whose behalf. */
export type WriteRequest = {
  readonly kind: ResourceKind;
  readonly actor: Actor;
  /** What the body's JSON says; undefined for none. */
  readonly body: unknown;
  readonly ifMatch: string | undefined;
  /** The id in the URL of the resource that this one lives under; null for kinds that have no parent. */
  readonly parentId: string | null;
};

/** A write that has been read: what to decide on the state at the head, as often as it takes. */
export type Write = (state: State, context: Context) => Decision<Answer>;

/** Reads `POST /v2.0/{collection}`: one resource, or many of which all or none are made. */
export const readCreate = ({ kind, actor, body, parentId }: WriteRequest): Write | Problem => {
  const decoded = decodeCreate(kind, body, actor);
  if (isProblem(decoded)) return decoded;
  const declaration = declarationOf(kind);
  const { isBulk } = decoded;
  const { parent } = declaration;
  const items = parent === undefined ? decoded.items : decoded.items.map((item) => ({ ...item, [parent.attribute]: parentId }));
  const name = isBulk ? declaration.collection : singularOf(declaration);
  return decide({ actor, url: { kind, parentId, id: null } }, { op: 'create', kind, items }, (viewpoint, { ids }) => {
    const texts = resourcesOf(viewpoint.state, kind, ids).map(viewTexter(kind, { ...viewpoint, fields: [] }));
    return { status: 201, text: `{"${name}":${isBulk ? `[${texts.join(',')}]` : texts[0]}}` };
  });
};

/** Reads `PUT /v2.0/{collection}/{id}`. */
export const readUpdate = ({ kind, actor, body, ifMatch, parentId }: WriteRequest, id: string): Write | Problem => {
  const expected = parseIfMatch(ifMatch);
  if (isProblem(expected)) return expected;
  const values = decodeUpdate(kind, body);
  if (isProblem(values)) return values;
  return decide({ actor, url: { kind, parentId, id } }, { op: 'update', kind, id, values, if_match: expected }, (viewpoint) =>
    ownView(viewpoint, kind, id),
  );
};

/** Reads `PUT /v2.0/{collection}/{id}/{action}`. */
export const readAction = ({ kind, actor, body, ifMatch, parentId }: WriteRequest, id: string, action: Action): Write | Problem => {
  const expected = parseIfMatch(ifMatch);
  if (isProblem(expected)) return expected;
  const values = action.decode(body, actor);
  if (isProblem(values)) return values;
  return decide(
    { actor, url: { kind, parentId, id } },
    { op: 'act', action: action.name, kind, id, values, if_match: expected },
    (viewpoint, { answer }) => (answer === null ? ownView(viewpoint, kind, id) : { status: 200, text: JSON.stringify(answer) }),
  );
};

const ownView = (viewpoint: Viewpoint, kind: ResourceKind, id: string): Answer => {
  const [text] = resourcesOf(viewpoint.state, kind, [id]).map(viewTexter(kind, { ...viewpoint, fields: [] }));
  return { status: 200, text: `{"${singularOf(declarationOf(kind))}":${text}}` };
};

/** Reads `DELETE /v2.0/{collection}/{id}`. */
export const readDelete = ({ kind, actor, ifMatch, parentId }: WriteRequest, id: string): Write | Problem => {
  const expected = parseIfMatch(ifMatch);
  if (isProblem(expected)) return expected;
  return decide({ actor, url: { kind, parentId, id } }, { op: 'delete', kind, id, if_match: expected }, () => ({
    status: 204,
    text: null,
  }));
};

const decide =
  ({ actor, url }: { actor: Actor; url: InUrl }, command: Command, answer: (viewpoint: Viewpoint, admitted: Admitted) => Answer): Write =>
  (state, context) => {
    const { policy } = context;
    // Who may make none of what lives under a parent, whosever that is, hears so, and nothing of the parent: Neutron's policy comes first.
    const action = `create_${policyName(url.kind)}`;
    if (command.op === 'create' && url.parentId !== null && judgementOf({ actor, policy }, action) === false) {
      return { changes: [], value: () => refusal(problem('PolicyNotAuthorized', { rule: `rule:${action}` })) };
    }
    const lost = checkParent({ state, actor, policy }, url);
    if (lost !== null) return { changes: [], value: () => refusal(lost) };
    const admitted = admit(state, { actor, command }, context);
    if (isProblem(admitted)) return { changes: [], value: () => refusal(admitted) };
    return { changes: admitted.changes, value: (after) => answer({ state: after, actor, policy }, admitted) };
  };

const resourcesOf = (state: StateReader, kind: ResourceKind, ids: readonly string[]): readonly Resource[] =>
  ids.map((id): Resource | undefined => state.get(kind, id)).filter((resource) => resource !== undefined);
