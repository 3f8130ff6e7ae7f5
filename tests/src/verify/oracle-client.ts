import { clientFor, type NeutronResource } from '@manx/lab/attack-kit';
import { projects, type World } from './world.js';

/** The API as the oracle's administrator sees it. */
export const client = clientFor(projects[0]);

/** Changes something of a collection whose names are regular: `networks`, `ports`. */
export const update = async (collection: string, id: string, body: object): Promise<NeutronResource> =>
  await client.update(collection, collection.slice(0, -1).replaceAll('-', '_'), { id, body });

export const updatePort = async (id: string, body: object): Promise<NeutronResource> => await update('ports', id, body);

/** The host that a step names. */
export const hostAt = ({ hosts }: Pick<World, 'hosts'>, at: number): string => hosts[at % hosts.length] ?? '';
