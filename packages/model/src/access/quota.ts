import type { Declaration } from '../declaration.js';
import { badRequest, isProblem, type Problem, problem } from '../problem.js';
import type { ResourceKind, StandardAttributes } from '../resource.js';
import { idAttribute, ownerAttributes } from '../standard-attributes.js';
import type { StateReader } from '../state-reader.js';
import { integer, isRecord } from '../value-rule.js';

/** The limits that an administrator has set for one project (its id is the project id); what is absent is by default. */
export type Quota = StandardAttributes & {
  /** By resource name as in Neutron (`network`, `floatingip`, `rbac_policy`...); -1: no limit. */
  readonly limits: { readonly [R in QuotaResource]?: number };
};

/** Neutron's default limits (neutron `conf/quota.py`); -1: none. Each name is the kind that is counted. */
export const DEFAULT_QUOTAS = {
  floatingip: 50,
  network: 100,
  port: 500,
  rbac_policy: 10,
  router: 10,
  security_group: 10,
  security_group_rule: 100,
  subnet: 100,
  subnetpool: -1,
} as const satisfies { readonly [K in ResourceKind]?: number };

/** What can be limited by project. */
export type QuotaResource = keyof typeof DEFAULT_QUOTAS;

/** Limits of everything that can be limited. */
export type QuotaLimits = { readonly [R in QuotaResource]: number };

/** The names of what can be limited, in the order of views. */
export const QUOTA_RESOURCES = Object.keys(DEFAULT_QUOTAS) as readonly QuotaResource[];

/** What a PUT of quotas asks for. */
export type QuotaUpdate = { readonly limits: Quota['limits']; readonly check_limit: boolean };

/** Quotas, declared. Extensions: `quotas`, `quota_details`, `quota-check-limit`. Their URLs and bodies are of no other resource's form. */
export const quotaDeclaration: Declaration<'quota'> = {
  kind: 'quota',
  collection: 'quotas',
  path: 'quotas',
  notFound: 'TenantQuotaNotFound',
  offers: [],
  attributes: { ...idAttribute, ...ownerAttributes },
  computed: {},
  filters: {},
  indexed: {},
};

/** The project's limits: its own where it has some, else the defaults. */
export function quotaLimits(state: StateReader, project: string, defaults: Quota['limits']): QuotaLimits {
  return { ...DEFAULT_QUOTAS, ...defaults, ...state.get('quota', project)?.limits };
}

/** How many of these the project has. Constant cost. */
export function quotaUsage(state: StateReader, project: string, resource: QuotaResource): number {
  return state.countBy(`${resource}.project_id`, project);
}

const limit = integer(-1, 0x7f_ff_ff_ff);

/** Reads the body of a PUT, `{"quota": {"network": 5, "check_limit": true}}`; an unknown name is refused. */
export function decodeQuota(body: unknown): QuotaUpdate | Problem {
  if (!isRecord(body)) return badRequest('Resource body required');
  const given = body['quota'];
  if (!isRecord(given)) return badRequest("Unable to find 'quota' in request body");
  const { check_limit: check = false, force = false, ...asked } = given;
  for (const flag of [check, force]) if (flag !== null && typeof flag !== 'boolean') return notBoolean(flag);
  const unknown = Object.keys(asked).filter((name) => !Object.hasOwn(DEFAULT_QUOTAS, name));
  if (unknown.length > 0) return badRequest(`Unrecognized attribute(s) '${unknown.join(', ').slice(0, 255)}'`);
  const limits: { [name: string]: number } = {};
  for (const [name, value] of Object.entries(asked)) {
    const read = limit.read(value);
    if (isProblem(read)) return read;
    if ('reason' in read) return badRequest(`Invalid input for ${name}. Reason: ${read.reason}.`);
    limits[name] = Number(read.value);
  }
  return { limits, check_limit: check === true && force !== true };
}

function notBoolean(value: unknown): Problem {
  return problem('InvalidInput', { error_message: `'${JSON.stringify(value).slice(0, 255)}' cannot be converted to boolean` });
}
