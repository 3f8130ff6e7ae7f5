import { admit, type Command, type Context } from '@manx/admission';
import {
  type Actor,
  declarationOf,
  decodeCreate,
  decodeUpdate,
  isProblem,
  type Problem,
  type Resource,
  type ResourceKind,
  type State,
  type StateReader,
} from '@manx/model';
import { type Answer, refusal } from './answer.js';
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
};

/** A write that has been read: what to decide on the state at the head, as often as it takes. */
export type Write = (state: State, context: Context) => Decision<Answer>;

/** Reads `POST /v2.0/{collection}`: one resource, or many of which all or none are made. */
export const readCreate = ({ kind, actor, body }: WriteRequest): Write | Problem => {
  const decoded = decodeCreate(kind, body, actor);
  if (isProblem(decoded)) return decoded;
  const { isBulk, items } = decoded;
  const name = isBulk ? declarationOf(kind).collection : kind;
  return decide(actor, { op: 'create', kind, items }, (state, ids) => {
    const texts = resourcesOf(state, kind, ids).map(viewTexter(kind, { state, actor, fields: [] }));
    return { status: 201, text: `{"${name}":${isBulk ? `[${texts.join(',')}]` : texts[0]}}` };
  });
};

/** Reads `PUT /v2.0/{collection}/{id}`. */
export const readUpdate = ({ kind, actor, body, ifMatch }: WriteRequest, id: string): Write | Problem => {
  const expected = parseIfMatch(ifMatch);
  if (isProblem(expected)) return expected;
  const values = decodeUpdate(kind, body, actor);
  if (isProblem(values)) return values;
  return decide(actor, { op: 'update', kind, id, values, if_match: expected }, (state, ids) => {
    const [text] = resourcesOf(state, kind, ids).map(viewTexter(kind, { state, actor, fields: [] }));
    return { status: 200, text: `{"${kind}":${text}}` };
  });
};

/** Reads `DELETE /v2.0/{collection}/{id}`. */
export const readDelete = ({ kind, actor, ifMatch }: WriteRequest, id: string): Write | Problem => {
  const expected = parseIfMatch(ifMatch);
  if (isProblem(expected)) return expected;
  return decide(actor, { op: 'delete', kind, id, if_match: expected }, () => ({ status: 204, text: null }));
};

const decide =
  (actor: Actor, command: Command, answer: (state: StateReader, ids: readonly string[]) => Answer): Write =>
  (state, context) => {
    const admitted = admit(state, { actor, command }, context);
    if (isProblem(admitted)) return { changes: [], value: () => refusal(admitted) };
    return { changes: admitted.changes, value: (after) => answer(after, admitted.ids) };
  };

const resourcesOf = (state: StateReader, kind: ResourceKind, ids: readonly string[]): readonly Resource[] =>
  ids.map((id): Resource | undefined => state.get(kind, id)).filter((resource) => resource !== undefined);
