import { createHash } from 'node:crypto';
import { admit, type Command, type Context } from '@manx/admission';
import { type Agent, isProblem, type StateReader } from '@manx/model';
import type { Ledger } from './ledger.js';
import { AGENT_ACTOR } from './status-intake.js';

/** The name space of agents' ids: any UUID would do, if only it stays. */
const NAME_SPACE = Buffer.from('0b1d4a3e6f6f5d0c9e5a7a2d51a4c0de', 'hex');

/** The id of a host's agent: the same for as long as the host has its name (UUID version 5, RFC 9562, section 5.5). */
export const agentIdOf = (host: string): string => {
  const bytes = createHash('sha1').update(NAME_SPACE).update(host).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};

/** What an agent says of its host that others count on; null: nothing but that it is there. */
type Said = { readonly physicalNetworks: readonly string[]; readonly multicast?: Agent['multicast'] } | null;

/** How hosts are remembered. */
export type AgentRegister = ((host: string, said: Said) => Promise<void>) & {
  /** Takes back what is to be sent to a host that is not heard of any longer: its next report brings it again. */
  readonly forget: (host: string) => Promise<void>;
};

/**
 * Remembers each host that is heard of, the physical networks that its agent says it is on, and what its instances listen to (S10): one commit the first time, one
 * for each time that they are others. Two servers that hear of one host at once make one agent of it: the id follows from the name.
 */
export const createAgentRegister = ({ ledger, context }: { readonly ledger: Ledger; readonly context: () => Context }): AgentRegister => {
  const commit = async (choose: (state: StateReader) => Command | null): Promise<void> => {
    if (choose(ledger.state) === null) return;
    await ledger.decide({ requestId: 'agents', userId: null, projectId: null }, (state) => {
      const command = choose(state);
      const admitted = command === null ? null : admit(state, { actor: AGENT_ACTOR, command }, context());
      return { changes: admitted === null || isProblem(admitted) ? [] : admitted.changes, value: () => undefined };
    });
  };
  const remember = async (host: string, said: Said): Promise<void> => await commit((state) => commandFor(state, host, valuesOf(said)));
  const forget = async (host: string): Promise<void> =>
    await commit((state) => (state.by('agent.host', host).length === 0 ? null : commandFor(state, host, { multicast: null })));
  return Object.assign(remember, { forget });
};

type Values = Pick<Agent, 'physical_networks' | 'multicast'>;

const valuesOf = (said: Said): Values =>
  said === null
    ? {}
    : {
        physical_networks: [...new Set(said.physicalNetworks)].sort(),
        ...(said.multicast === undefined ? {} : { multicast: said.multicast }),
      };

/** What there is to remember of the host; null when it is known already. */
const commandFor = (state: StateReader, host: string, values: Values): Command | null => {
  const [known] = state.by('agent.host', host);
  if (known === undefined) {
    return { op: 'create', kind: 'agent', items: [{ id: agentIdOf(host), host, project_id: '', ...values }] };
  }
  const isNews = (name: keyof Values): boolean =>
    values[name] !== undefined && JSON.stringify(known[name] ?? null) !== JSON.stringify(values[name]);
  const isAnyNews = isNews('physical_networks') || isNews('multicast');
  return isAnyNews ? { op: 'update', kind: 'agent', id: known.id, values, if_match: null } : null;
};
