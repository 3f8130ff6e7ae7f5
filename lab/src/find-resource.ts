import { LabError } from './lab-error.js';
import type { NeutronClient, NeutronResource } from './neutron-client.js';

/** Which resource is meant: by id or name, in any project or only in one. */
export type Wanted = { readonly wanted: string; readonly project?: string | undefined };

const nameOf = (resource: NeutronResource): string => String(resource['name']);

const notFound = async (client: NeutronClient, collection: string, { wanted, project }: Wanted): Promise<LabError> => {
  const what = kindOf(collection);
  const all = (await client.list(collection)).filter((one) => project === undefined || one['project_id'] === project);
  const names = [...new Set(all.map(nameOf))].filter(Boolean).toSorted();
  const where = project === undefined ? '' : ` in project ${project}`;
  return new LabError(
    'not-found',
    `There is no ${what} ${JSON.stringify(wanted)}${where}; there ${names.length === 0 ? 'are none' : `are: ${names.join(', ')}`}.`,
  );
};

/** Everything of that id or name. LabError `not-found` names those that there are. */
const findAll = async (
  client: NeutronClient,
  collection: string,
  search: Wanted,
): Promise<readonly [NeutronResource, ...NeutronResource[]]> => {
  const { wanted, project } = search;
  const [ids, names] = await Promise.all([client.list(collection, { id: wanted }), client.list(collection, { name: wanted })]);
  const [first, ...more] = [...ids, ...names].filter((one) => project === undefined || one['project_id'] === project || one.id === wanted);
  if (first === undefined) throw await notFound(client, collection, search);
  return [first, ...more];
};

const kindOf = (collection: string): string => collection.replaceAll('-', ' ').replace(/s$/, '');

/** The network of that name or id. LabError `not-found`, or `ambiguous` when several have the name. */
export const findNetwork = async (client: NeutronClient, wanted: string): Promise<NeutronResource> => {
  const found = await findAll(client, 'networks', { wanted });
  if (found.length > 1) throw new LabError('ambiguous', `There are ${found.length} networks named ${JSON.stringify(wanted)}; give an id.`);
  return found[0];
};

/**
 * The security group of that name or id: of the given project, else of the network's, else the only one of that name in the cloud.
 * LabError `not-found`, or `ambiguous`, which names the projects that have one.
 */
export const findGroup = async (
  client: NeutronClient,
  { wanted, project, networkProject }: Wanted & { readonly networkProject: string },
): Promise<NeutronResource> => {
  const found = await findAll(client, 'security-groups', { wanted, project });
  const own = found.filter((group) => group['project_id'] === networkProject);
  const candidates = own.length > 0 ? own : found;
  const [first] = candidates;
  if (first !== undefined && candidates.length === 1) return first;
  const projects = [...new Set(candidates.map((group) => String(group['project_id'])))].toSorted().join(', ');
  throw new LabError(
    'ambiguous',
    `There are ${candidates.length} security groups named ${JSON.stringify(wanted)} (projects: ${projects}); give an id, or --project.`,
  );
};
