import {
  type Actor,
  type Attributes,
  applyChanges,
  declarationOf,
  decodeCreate,
  decodeUpdate,
  errorAnswer,
  isProblem,
  type Problem,
  type ResourceKind,
  type ResourceOf,
  SERVER_ACTOR,
  State,
  singularOf,
  type View,
  view,
} from '@manx/model';
import { defaultPolicy } from '@manx/policy';
import { type Admitted, admit, type Command, type Context, type Settings } from './index.js';

/** Someone of a project, with the least role that may change things. */
export function memberOf(project: string): Actor {
  return { user_id: `user of ${project}`, project_id: project, domain_id: null, roles: ['member', 'reader'], is_admin: false };
}

/** An administrator, in a project of its own. */
export const ADMIN: Actor = { user_id: 'root', project_id: 'admin', domain_id: null, roles: ['admin'], is_admin: true };

/** A state and the commands of a test: bodies are decoded as a request's are, and what is admitted is applied. Time and chance are counted, not real. */
export class Bench {
  readonly state: State;
  readonly settings: Settings;
  readonly alive = new Set(['h1', 'h2']);
  #clock = 0;
  #ids = 0;
  #seed = 1;

  /** Begins on an empty state, or on this one. */
  constructor(state = new State(), settings: Partial<Settings> = {}) {
    this.state = state;
    this.settings = { overlapping_subnets: 'refuse', mtu: 1500, base_mac: 'fa:16:3e:00:00:00', ...settings };
  }

  /** What the rules are handed from outside. */
  context(): Context {
    this.#clock++;
    return {
      now: instant(this.#clock),
      newId: () => `00000000-0000-4000-8000-${(++this.#ids).toString(16).padStart(12, '0')}`,
      random: () => {
        this.#seed = (this.#seed * 48_271) % 2_147_483_647;
        return this.#seed / 2_147_483_647;
      },
      isHostAlive: (host) => this.alive.has(host),
      settings: this.settings,
      policy: defaultPolicy,
    };
  }

  /** Admits a command and applies what it changes. */
  run(
    command: Command,
    actor: Actor = command.op === 'report' || command.op === 'report_claims' ? SERVER_ACTOR : ADMIN,
  ): Admitted | Problem {
    const admitted = admit(this.state, { actor, command }, this.context());
    if (!isProblem(admitted)) applyChanges(this.state, admitted.changes);
    return admitted;
  }

  /** POSTs one or many bodies of a kind; one of a child names its parent as it is stored. */
  post(kind: ResourceKind, body: object, actor: Actor = ADMIN): Admitted | Problem {
    const decoded = this.decoded(kind, body, actor);
    return isProblem(decoded) ? decoded : this.run({ op: 'create', kind, items: decoded }, actor);
  }

  /** The items of a POST of one or many bodies, decoded. */
  decoded(kind: ResourceKind, body: object, actor: Actor = ADMIN): readonly Attributes[] | Problem {
    const declaration = declarationOf(kind);
    const { collection, parent } = declaration;
    const bodies = [body].flat() as { readonly [name: string]: unknown }[];
    const own = bodies.map((one) => Object.fromEntries(Object.entries(one).filter(([name]) => name !== parent?.attribute)));
    const decoded = decodeCreate(kind, Array.isArray(body) ? { [collection]: own } : { [singularOf(declaration)]: own[0] }, actor);
    if (isProblem(decoded) || parent === undefined) return isProblem(decoded) ? decoded : decoded.items;
    return decoded.items.map((item, at) => ({ ...item, [parent.attribute]: bodies[at]?.[parent.attribute] }));
  }

  /** PUTs. */
  put(
    kind: ResourceKind,
    id: string,
    body: object,
    { actor = ADMIN, if_match = null }: { actor?: Actor; if_match?: number | null } = {},
  ): Admitted | Problem {
    const values = decodeUpdate(kind, { [singularOf(declarationOf(kind))]: body });
    return isProblem(values) ? values : this.run({ op: 'update', kind, id, values, if_match }, actor);
  }

  /** DELETEs. */
  del(kind: ResourceKind, id: string, actor: Actor = ADMIN): Admitted | Problem {
    return this.run({ op: 'delete', kind, id, if_match: null }, actor);
  }

  /** Does an action. */
  does(
    action: string,
    at: { readonly kind: ResourceKind; readonly id: string; readonly values?: Attributes },
    actor: Actor = ADMIN,
  ): Admitted | Problem {
    const { kind, id, values = {} } = at;
    return this.run({ op: 'act', action, kind, id, values, if_match: null }, actor);
  }

  /** A resource as it is shown to the actor. */
  seen(kind: ResourceKind, id: string, actor: Actor = ADMIN): View {
    return view(kind, this.the(kind, id), { state: this.state, actor, policy: defaultPolicy, fields: [] });
  }

  /** POSTs what must be taken, and gives the (first) resource that came of it. */
  made<K extends ResourceKind>(kind: K, body: object, actor: Actor = ADMIN): ResourceOf[K] {
    const admitted = this.post(kind, body, actor);
    if (isProblem(admitted)) throw new Error(`${admitted.code}: ${admitted.detail}`);
    return this.the(kind, admitted.ids[0] ?? '');
  }

  /** PUTs what must be taken, and gives the resource as it is then. */
  changed<K extends ResourceKind>(kind: K, id: string, body: object, actor: Actor = ADMIN): ResourceOf[K] {
    const admitted = this.put(kind, id, body, { actor });
    if (isProblem(admitted)) throw new Error(`${admitted.code}: ${admitted.detail}`);
    return this.the(kind, id);
  }

  /** The resource, which must be there. */
  the<K extends ResourceKind>(kind: K, id: string): ResourceOf[K] {
    const resource = this.state.get(kind, id);
    if (resource === undefined) throw new Error(`there is no ${kind} ${id}`);
    return resource;
  }
}

/** Status and type of a refusal; `taken` when there was none. */
export function outcome(result: Admitted | Problem): string {
  if (!isProblem(result)) return 'taken';
  const { status, body } = errorAnswer(result);
  return `${status} ${body.NeutronError.type}`;
}

/** The message of a refusal. */
export function message(result: Admitted | Problem): string {
  return isProblem(result) ? result.detail : '';
}

/** So many seconds into 2026, in the state's spelling. */
function instant(seconds: number): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  return `2026-01-01T${two(hours)}:${two(minutes % 60)}:${two(seconds % 60)}Z`;
}
