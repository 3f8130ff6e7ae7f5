import { createHash } from 'node:crypto';
import { admit, type Command, type Context } from '@manx/admission';
import { isProblem, type StateReader } from '@manx/model';
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
type Said = { readonly physicalNetworks: readonly string[] } | null;

/**
 * Remembers each host that is heard of, and the physical networks that its agent says it is on: one commit the first time, one for each time
 * that they are others. Two servers that hear of one host at once make one agent of it: the id follows from the name.
 */
export const createAgentRegister = ({
  ledger,
  context,
}: {
  readonly ledger: Ledger;
  readonly context: () => Context;
}): ((host: string, said: Said) => Promise<void>) => {
  return async (host, said) => {
    const networks = said === null ? null : [...new Set(said.physicalNetworks)].sort();
    if (commandFor(ledger.state, host, networks) === null) return;
    await ledger.decide({ requestId: 'agents', userId: null, projectId: null }, (state) => {
      const command = commandFor(state, host, networks);
      const admitted = command === null ? null : admit(state, { actor: AGENT_ACTOR, command }, context());
      return { changes: admitted === null || isProblem(admitted) ? [] : admitted.changes, value: () => undefined };
    });
  };
};

/** What there is to remember of the host; null when it is known already. */
const commandFor = (state: StateReader, host: string, networks: readonly string[] | null): Command | null => {
  const [known] = state.by('agent.host', host);
  const said = networks === null ? {} : { physical_networks: networks };
  if (known === undefined) {
    return { op: 'create', kind: 'agent', items: [{ id: agentIdOf(host), host, project_id: '', ...said }] };
  }
  const isNews = networks !== null && JSON.stringify(known.physical_networks) !== JSON.stringify(networks);
  return isNews ? { op: 'update', kind: 'agent', id: known.id, values: said, if_match: null } : null;
};
