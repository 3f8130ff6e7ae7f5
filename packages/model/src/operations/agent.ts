import type { Ip } from '@manx/ip';
import type { Declaration } from '../declaration.js';
import type { StandardAttributes } from '../resource.js';
import { idAttribute, settable, told } from '../standard-attributes.js';
import { boolean, orNull, readOnly, text } from '../value-rule.js';

/** That a host was heard of once, and what an administrator has set of its agent; the rest of an agent is what its lease says. */
export type Agent = StandardAttributes & {
  readonly host: string;
  /** False: no new port is bound to the host; those that are stay. */
  readonly admin_state_up: boolean;
  /** The physical networks that it said its host is on, sorted; none: on all. Absent until it has said so. */
  readonly physical_networks?: readonly string[];
  /** Where it takes multicast tunnels, and what is to be sent there (S10). Absent: nothing, or the host is not heard of any longer. */
  readonly multicast?: AgentMulticast | null;
};

/** A host's end of tunnels, and the groups that its instances listen to: from one source, or from all. */
export type AgentMulticast = {
  readonly address: Ip;
  readonly groups: readonly { readonly group: Ip; readonly source: Ip | null }[];
};

const DESCRIPTION_LENGTH = 255;

/** Agents, declared: what can be set. What is shown of them, facts about their hosts included, is derived: see `agents.ts`. */
export const agentDeclaration: Declaration<'agent'> = {
  kind: 'agent',
  collection: 'agents',
  path: 'agents',
  notFound: 'AgentNotFound',
  offers: ['delete'],
  attributes: {
    ...idAttribute,
    host: told("The host's name.", readOnly({ type: 'string' })),
    admin_state_up: { ...settable('False: no new port is bound to the host.', boolean, true), onCreate: 'refused' },
    description: { ...settable('Free text.', orNull(text(DESCRIPTION_LENGTH), ''), ''), onCreate: 'refused' },
  },
  computed: {},
  filters: {},
  indexed: { host: 'agent.host' },
};
