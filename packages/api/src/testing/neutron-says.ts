import { NEUTRON_CATEGORIES } from './neutron-categories.js';
import { NEUTRON_DEVIATIONS, OURS_ONLY } from './neutron-deviations.js';

/** Everybody that the policy tells apart: a name, and the roles of the token. */
export const PEOPLE: Readonly<Record<string, readonly string[]>> = {
  admin: ['admin', 'manager', 'member', 'reader'],
  manager: ['manager', 'member', 'reader'],
  member: ['member', 'reader'],
  reader: ['reader'],
  service: ['service'],
  nobody: ['nothing'],
};

/** How whoever asks stands to what is asked about. */
export type Standing = {
  /** Of whose project is the asker: of the resource's own, of its network's, of its parent's, of its security group's. */
  readonly owns: ReadonlySet<'own' | 'network' | 'parent' | 'group'>;
  readonly isShared: boolean;
  readonly isExternal: boolean;
  readonly isPlainDevice?: boolean;
  readonly isOneProject?: boolean;
};

/** Tags of segments are called as they were in older releases of everything. */
const isOld = (name: string): boolean => name.endsWith('_segments_tags');

/** The categories of every action, with this house's deviations. */
export const CATEGORIES: ReadonlyMap<string, string> = new Map([
  ...Object.entries(NEUTRON_CATEGORIES).flatMap(([categories, names]) =>
    names.split(' ').flatMap((name): [string, string][] => (isOld(name) ? [] : [[name, categories]])),
  ),
  ...Object.entries(OURS_ONLY),
  ...Object.entries(NEUTRON_DEVIATIONS).map(([name, { categories }]): [string, string] => [name, categories]),
]);

/** Whether Neutron lets somebody with these roles do it. */
export const neutronAllows = (action: string, roles: readonly string[], standing: Standing): boolean => {
  const categories = CATEGORIES.get(action);
  if (categories === undefined) throw new Error(`there is no action ${action}`);
  return categories.split(' ').some((category) => isOf(category, roles, standing));
};

const isOf = (category: string, roles: readonly string[], standing: Standing): boolean => {
  const [what = '', role] = category.split(':');
  const hasRole = role === undefined || roles.includes(role);
  if (what === 'any') return hasRole;
  if (what === 'shared') return hasRole && standing.isShared;
  if (what === 'external') return hasRole && standing.isExternal;
  if (what === 'plain_device') return standing.isPlainDevice ?? true;
  if (what === 'one_project') return standing.isOneProject ?? true;
  if (what === 'own' || what === 'network' || what === 'parent' || what === 'group') return hasRole && standing.owns.has(what);
  return roles.includes(what);
};
