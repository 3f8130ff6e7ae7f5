import { DROP_REASONS } from '@manx/hoststate';
import { badRequest, isProblem, type Port, type Problem } from '@manx/model';
import { type Answer, refusal } from '../answer.js';
import type { HostDrop } from './drop-book.js';
import { findNamed } from './find-ends.js';
import { type Asker, isOwnPort, ownPorts } from './viewer.js';

/** A question about drops: the query, and all that is known. */
export type DropQuestion = {
  readonly parameters: readonly (readonly [string, string])[];
  readonly drops: readonly HostDrop[];
};

const PARAMETERS: ReadonlySet<string> = new Set(['port_id', 'port']);

/**
 * Answers what is dropped: all of it to administrators, of the own ports to everybody else. Where the ports are is no tenant's business. A
 * `port_id` that the asker may not know of is like one that is not there: nothing is dropped for it.
 */
export const answerDrops = (asker: Asker, { parameters, drops }: DropQuestion): Answer => {
  const unknown = parameters.find(([name]) => !PARAMETERS.has(name));
  if (unknown !== undefined) return refusal(badRequest(`there is no parameter ${JSON.stringify(unknown[0].slice(0, 255))}`));
  const valuesOf = (wanted: string): readonly string[] => parameters.filter(([name]) => name === wanted).map(([, value]) => value);
  const named = valuesOf('port');
  const found: Port[] = [];
  for (const name of named) {
    const ports = portsNamed(asker, name);
    if (isProblem(ports)) return refusal(ports);
    found.push(...ports);
  }
  const ids = new Set([...valuesOf('port_id'), ...found.map(({ id }) => id)]);
  const isAsked = ({ endpoint }: HostDrop): boolean => parameters.length === 0 || (endpoint !== null && ids.has(endpoint));
  const { state, actor } = asker;
  const isSeen = ({ endpoint }: HostDrop): boolean =>
    actor.is_admin || (endpoint !== null && isOwnPort(asker, state.get('port', endpoint)));
  const rows = drops.filter((drop) => isAsked(drop) && isSeen(drop)).sort((a, b) => b.lastAt - a.lastAt);
  return {
    status: 200,
    text: JSON.stringify({ drops: rows.map((drop) => rowOf(asker, drop)), ports: found.map((port) => conditionOf(asker, port)) }),
  };
};

const portsNamed = (asker: Asker, name: string): readonly Port[] | Problem => {
  const end = findNamed(asker, name);
  if (isProblem(end) || 'ports' in end) return isProblem(end) ? end : end.ports;
  const holder = [...ownPorts(asker)].find(({ fixed_ips }) => fixed_ips.some(({ ip_address }) => ip_address === end.ip));
  return holder === undefined ? badRequest(`no port of yours has the address ${end.ip}`) : [holder];
};

const rowOf = ({ state, actor }: Asker, { host, endpoint, at, reason, packets, bytes, rate, firstAt, lastAt }: HostDrop): object => {
  const port = endpoint === null ? undefined : state.get('port', endpoint);
  const { direction, text, advice } = DROP_REASONS[reason];
  return {
    host: actor.is_admin ? host : null,
    port_id: endpoint,
    port_name: port?.name ?? null,
    project_id: port?.project_id ?? null,
    at,
    reason,
    direction,
    packets,
    bytes,
    packets_per_second: rate,
    first_seen_at: new Date(firstAt).toISOString(),
    last_seen_at: new Date(lastAt).toISOString(),
    meaning: text,
    advice,
  };
};

/** A port, and what keeps it from the network altogether: what no counter tells of. */
const conditionOf = ({ state, actor, isHostAlive }: Asker, port: Port): object => {
  const { id, name, status, security_groups: groups } = port;
  const host = port['binding:host_id'];
  const network = state.get('network', port.network_id);
  const blockers: string[] = [];
  if (!port.admin_state_up) blockers.push(`the port is down: openstack port set --enable ${id}`);
  if (network?.admin_state_up === false) blockers.push(`its network is down: openstack network set --enable ${network.id}`);
  if (host === '') blockers.push('no instance is plugged into it: it is bound to no host');
  else if (port['binding:vif_type'] === 'binding_failed')
    blockers.push('its binding failed: the host was not there, or cannot serve its subnets');
  else {
    if (actor.is_admin && !isHostAlive(host))
      blockers.push(`the agent of its host ${host} is not heard of: what it drops is not told either`);
    if (status !== 'ACTIVE') blockers.push(`its host does not report it as programmed (its status is ${status})`);
  }
  if (port.port_security_enabled && groups.length === 0) blockers.push('it is in no security group: nothing may begin, from it or to it');
  return { id, name, status, blockers };
};
