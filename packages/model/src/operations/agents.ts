import type { Derived, Facts, HostFact, HostReportFact, Row } from '../derived.js';
import type { StateReader } from '../state-reader.js';
import type { Agent } from './agent.js';

/** Neutron's words for what our agents are; there is one sort, and one a host. */
const AGENT_TYPE = 'Manx agent';
const BINARY = 'manx-agent';

/** The zone that every host is in: Neutron's and Nova's default. */
export const AVAILABILITY_ZONE = 'nova';

/** The agents as the API shows them: each host that was ever heard of, by name. Extensions: `agent`, `agent_sort_key`. */
export const agents: Derived = {
  name: 'agent',
  singular: 'agent',
  collection: 'agents',
  path: 'agents',
  doc: 'The agents: one on each host that was ever heard of.',
  key: 'id',
  attributes: {
    id: { type: 'string', format: 'uuid' },
    agent_type: { type: 'string' },
    binary: { type: 'string' },
    topic: { type: 'string' },
    host: { type: 'string' },
    availability_zone: { type: ['string', 'null'] },
    admin_state_up: { type: 'boolean' },
    alive: { type: 'boolean' },
    created_at: { type: 'string' },
    started_at: { type: 'string' },
    heartbeat_timestamp: { type: 'string' },
    configurations: { type: 'object' },
    description: { type: 'string' },
    resource_versions: { type: 'object' },
    resources_synced: { type: ['boolean', 'null'] },
  },
  notFound: 'Agent {id} could not be found.',
  notFoundCode: 'AgentNotFound',
  rows: ({ state }, facts) => {
    const known = new Map(facts.hosts.map((fact) => [fact.host, fact]));
    return [...state.all('agent')].sort((a, b) => (a.host < b.host ? -1 : 1)).map((agent) => agentRow(agent, known.get(agent.host), state));
  },
};

function agentRow(agent: Agent, fact: HostFact | undefined, state: StateReader): Row {
  const report = fact?.report ?? null;
  return {
    id: agent.id,
    agent_type: AGENT_TYPE,
    binary: BINARY,
    topic: 'N/A',
    host: agent.host,
    availability_zone: AVAILABILITY_ZONE,
    admin_state_up: agent.admin_state_up,
    alive: fact?.isAlive ?? false,
    created_at: spaced(agent.created_at),
    started_at: spaced(report?.startedAt ?? agent.created_at),
    heartbeat_timestamp: spaced(fact?.heardAt ?? agent.updated_at),
    configurations: {
      ports: state.countBy('port.host', agent.host),
      physical_networks: agent.physical_networks ?? [],
      multicast: agent.multicast ?? null,
      ...(report === null ? {} : saidOf(report)),
    },
    description: agent.description,
    resource_versions: {},
    resources_synced: null,
  };
}

function saidOf({ version, bgp, problems, drift }: HostReportFact): Row {
  const { repairs, lastAt, last } = drift;
  return { version, bgp_sessions: bgp, problems, drift: { repairs, last_at: lastAt, last } };
}

/** A time as Neutron writes it of agents: `2026-01-31 23:59:59`. */
function spaced(instant: string): string {
  return instant.replace('T', ' ').replace(/(?:\.\d+)?Z$/, '');
}

/** The zones: one, for networks and for routers, available while a host in it takes new ports. Extension: `availability_zone`. */
export const availabilityZones: Derived = {
  name: 'availability_zone',
  singular: 'availability_zone',
  collection: 'availability_zones',
  path: 'availability_zones',
  doc: 'The availability zones.',
  key: null,
  attributes: {
    name: { type: 'string' },
    resource: { enum: ['network', 'router'] },
    state: { enum: ['available', 'unavailable'] },
  },
  notFound: 'Availability zone {id} could not be found.',
  rows: ({ state }, facts) => {
    if (state.count('agent') === 0) return [];
    const word = isAnyAvailable(state, facts) ? 'available' : 'unavailable';
    return ['network', 'router'].map((resource) => ({ name: AVAILABILITY_ZONE, resource, state: word }));
  },
};

function isAnyAvailable(state: StateReader, { hosts }: Facts): boolean {
  return hosts.some(({ host, isAlive }) => isAlive && state.by('agent.host', host)[0]?.admin_state_up === true);
}
