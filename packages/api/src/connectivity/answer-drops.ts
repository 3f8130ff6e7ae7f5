import { SAMPLES_OF_A_PLACE } from '@manx/feed';
import { DROP_REASONS } from '@manx/hoststate';
import { badRequest, isProblem, type Port, type Problem } from '@manx/model';
import { type Cloud, explainDrop, packetText } from '@manx/reach';
import { type Answer, refusal } from '../answer.js';
import type { HostDrop } from './drop-book.js';
import { allPortsNamed, type Parameters, queryOf } from './query-of.js';
import type { HostSample, SampleBook } from './sample-book.js';
import { snakeKeys } from './snake-keys.js';
import { type Asker, type CloudSource, isOwnPort, viewOf } from './viewer.js';

/** A question about drops: the query, and all that is known. */
export type DropQuestion = {
  readonly parameters: Parameters;
  readonly drops: readonly HostDrop[];
  readonly samples: Pick<SampleBook, 'of'>;
};

const PARAMETERS: ReadonlySet<string> = new Set(['port_id', 'port', 'samples']);

/**
 * Answers what is dropped: all of it to administrators, of the own ports to everybody else. Where the ports are is no tenant's business. A
 * `port_id` that the asker may not know of is like one that is not there: nothing is dropped for it. Samples are explained as a flow is: of the other
 * end only what he may see.
 */
export const answerDrops = (asker: Asker, source: CloudSource, { parameters, drops, samples }: DropQuestion): Answer => {
  const valuesOf = queryOf(parameters, PARAMETERS);
  if (isProblem(valuesOf)) return refusal(valuesOf);
  const perDrop = samplesAsked(valuesOf('samples'));
  if (isProblem(perDrop)) return refusal(perDrop);
  const named = valuesOf('port');
  const found = allPortsNamed(asker, named);
  if (isProblem(found)) return refusal(found);
  const ids = new Set([...valuesOf('port_id'), ...found.map(({ id }) => id)]);
  const isNarrowed = named.length > 0 || valuesOf('port_id').length > 0;
  const isAsked = ({ endpoint }: HostDrop): boolean => !isNarrowed || (endpoint !== null && ids.has(endpoint));
  const { state, actor } = asker;
  const isSeen = ({ endpoint }: HostDrop): boolean =>
    actor.is_admin || (endpoint !== null && isOwnPort(asker, state.get('port', endpoint)));
  const rows = drops.filter((drop) => isAsked(drop) && isSeen(drop)).sort((a, b) => b.lastAt - a.lastAt);
  const shown = perDrop === 0 ? [] : samplesOf(rows, samples, perDrop);
  // Whoever asks for no packets costs no cloud.
  const cloud = shown.length === 0 ? null : source(viewOf(asker));
  const sampled = shown.map((some) => (cloud === null ? [] : some.map((sample) => sampleOf(cloud, sample))));
  return {
    status: 200,
    text: JSON.stringify({
      drops: rows.map((drop, at) => ({ ...rowOf(asker, drop), samples: sampled[at] ?? [] })),
      ports: found.map((port) => conditionOf(asker, port)),
    }),
  };
};

/** The most packets that one answer explains. */
const MOST_SAMPLES = 500;

/** How many packets of each drop are asked for; none where nothing is said. */
const samplesAsked = (values: readonly string[]): number | Problem => {
  const text = values.at(-1) ?? '0';
  const count = Number(text);
  const isRight = /^\d+$/.test(text) && count <= SAMPLES_OF_A_PLACE;
  return isRight ? count : badRequest(`samples must be a number from 0 to ${SAMPLES_OF_A_PLACE}`);
};

/** By drop, the latest first, until there are as many as one answer explains. */
const samplesOf = (rows: readonly HostDrop[], samples: Pick<SampleBook, 'of'>, perDrop: number): readonly (readonly HostSample[])[] =>
  rows.slice(0, Math.floor(MOST_SAMPLES / perDrop)).map((drop) => samples.of(drop).slice(0, perDrop));

const sampleOf = (cloud: Cloud, { packet, mac, reason, endpoint, seenAt }: HostSample): object => {
  // What is sent to a port comes from a router, or from an instance of the same host: where others are is no tenant's business.
  const isOwnMac = DROP_REASONS[reason].direction === 'egress';
  return {
    seen_at: new Date(seenAt).toISOString(),
    text: packetText(packet),
    mac: isOwnMac ? mac : null,
    packet: snakeKeys(packet),
    ...explainDrop(cloud, { reason, endpoint, mac, packet }),
  };
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
