import type { AgentReport, StatusReport } from '../messages.js';

/** A report of a host's agent that says no more than that it lives; tests say of it what they are about. */
export const lifeSign: StatusReport = {
  run: 'r1',
  revision: 0,
  isFull: false,
  endpoints: [],
  claims: null,
  drops: null,
  samples: null,
  events: null,
  agent: null,
};

/** What an agent says of itself that has nothing to tell. */
export const quietAgent: AgentReport = {
  version: '1',
  startedAt: '2026-01-31T12:00:00Z',
  physicalNetworks: [],
  bgp: [],
  problems: [],
  multicast: null,
  listeners: [],
  drift: { repairs: 0, lastAt: null, last: null },
};
