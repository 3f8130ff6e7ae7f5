import { badRequest, isProblem, isVisible, type Port, type Problem } from '@manx/model';
import { type Cloud, connectivityMatrix, type MatrixLabel } from '@manx/reach';
import { type Answer, refusal } from '../answer.js';
import { findNamed } from './find-ends.js';
import { decodeFlow, FLOW_ATTRIBUTES, payloadIn } from './flow-request.js';
import { snakeKeys } from './snake-keys.js';
import { type Asker, type CloudSource, ownPorts, viewOf } from './viewer.js';

/** The key of the request and of the answer. */
const RESOURCE = 'connectivity_matrix';

/** By what ports are put together, and which labels a port then has. */
const LABELS = {
  group: ({ security_groups }: Port) => security_groups,
  project: ({ project_id }: Port) => [project_id],
  network: ({ network_id }: Port) => [network_id],
  host: (port: Port) => [port['binding:host_id']],
  port: ({ id }: Port) => [id],
} as const;

/** What ports are put together by. */
const MATRIX_KINDS = Object.keys(LABELS) as readonly (keyof typeof LABELS)[];

/** The most rows and columns: more is no picture, and no question to answer between others. */
const MOST_LABELS = 1000;

const ATTRIBUTES: ReadonlySet<string> = new Set(['by', 'source', 'destination', ...FLOW_ATTRIBUTES]);

/** Answers who reaches whom, of the ports that are the asker's and plugged in. */
export const answerMatrix = (asker: Asker, source: CloudSource, body: unknown): Answer => {
  const asked = body !== null && typeof body === 'object' ? (body as { readonly [key: string]: unknown })[RESOURCE] : undefined;
  if (asked === null || typeof asked !== 'object' || Array.isArray(asked))
    return refusal(badRequest(`the body must be {"${RESOURCE}": {...}}`));
  const fields = asked as { readonly [name: string]: unknown };
  const unknown = Object.keys(fields).find((name) => !ATTRIBUTES.has(name));
  if (unknown !== undefined) return refusal(badRequest(`there is no attribute ${JSON.stringify(unknown.slice(0, 255))}`));
  const matrix = matrixOf(asker, source(viewOf(asker)), fields);
  return isProblem(matrix) ? refusal(matrix) : { status: 200, text: JSON.stringify({ [RESOURCE]: snakeKeys(matrix) }) };
};

const matrixOf = (asker: Asker, cloud: Cloud, fields: { readonly [name: string]: unknown }): object | Problem => {
  const flow = decodeFlow(fields);
  if (isProblem(flow)) return flow;
  const by = MATRIX_KINDS.find((kind) => kind === (fields['by'] ?? 'group'));
  if (by === undefined) return badRequest(`by must be one of ${MATRIX_KINDS.join(', ')}`);
  if (by === 'host' && !cloud.showsHosts) return badRequest('by host is for administrators');
  const [from, to] = [fields['source'], fields['destination']].map((name) => chosen(asker, cloud, name));
  if (from === undefined || isProblem(from)) return from as Problem;
  if (to === undefined || isProblem(to)) return to as Problem;
  const [sources, destinations] = [from, to].map((ports) => labelled(asker, by, ports)) as [readonly MatrixLabel[], readonly MatrixLabel[]];
  if (Math.max(sources.length, destinations.length) > MOST_LABELS)
    return badRequest(`that is ${Math.max(sources.length, destinations.length)} rows or columns, and at most ${MOST_LABELS} are answered`);
  const family = flow.family ?? 4;
  const payload = payloadIn(flow, family);
  const { cells, ...labels } = connectivityMatrix(cloud, { family, flow: { ...payload, fromPort: flow.fromPort }, sources, destinations });
  return { by, flow: { family, ...payload, fromPort: flow.fromPort }, ...labels, cells };
};

/** The ports that a name stands for, or all that are the asker's; those that no host plays are left out. */
const chosen = (asker: Asker, cloud: Cloud, name: unknown): readonly Port[] | Problem => {
  const isPlayed = ({ id }: Port): boolean => cloud.placeOf(id) !== undefined;
  if (name === undefined || name === null) return [...ownPorts(asker)].filter(isPlayed);
  if (typeof name !== 'string') return badRequest('source and destination are text');
  const named = findNamed(asker, name);
  if (isProblem(named)) return named;
  return 'ports' in named ? named.ports.filter(isPlayed) : badRequest('source and destination of a matrix are ports, instances or groups');
};

const labelled = (asker: Asker, by: keyof typeof LABELS, ports: readonly Port[]): readonly MatrixLabel[] => {
  const found = new Map<string, string[]>();
  for (const port of ports) {
    for (const id of LABELS[by](port)) {
      const name = nameOf(asker, by, id);
      if (name === null) continue;
      const endpoints = found.get(id) ?? [];
      found.set(id, endpoints);
      endpoints.push(port.id);
    }
  }
  const named = [...found].map(([id, endpoints]) => ({ id, name: nameOf(asker, by, id) ?? id, endpoints }));
  const times = new Map<string, number>();
  for (const { name } of named) times.set(name, (times.get(name) ?? 0) + 1);
  return named
    .map((label) => ((times.get(label.name) ?? 0) > 1 ? { ...label, name: `${label.name} ${label.id.slice(0, 8)}` } : label))
    .sort((a, b) => (a.name === b.name ? (a.id < b.id ? -1 : 1) : a.name < b.name ? -1 : 1));
};

/** What a label is called; null for a group that the asker may not know. */
const nameOf = ({ state, actor, policy }: Asker, by: keyof typeof LABELS, id: string): string | null => {
  if (by === 'group') {
    const group = state.get('security_group', id);
    if (group === undefined) return id;
    return isVisible({ state, actor, policy }, 'security_group', group) ? group.name || id : null;
  }
  const resource = by === 'network' ? state.get('network', id) : by === 'port' ? state.get('port', id) : undefined;
  return resource?.name || id;
};
