import { createHash } from 'node:crypto';
import { admit, type Context } from '@manx/admission';
import { isProblem } from '@manx/model';
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

/** Remembers each host that is heard of: one commit for each, the first time. */
export const createAgentRegister = ({
  ledger,
  context,
}: {
  readonly ledger: Ledger;
  readonly context: () => Context;
}): ((host: string) => Promise<void>) => {
  const isKnown = (host: string): boolean => ledger.state.countBy('agent.host', host) > 0;
  return async (host) => {
    if (isKnown(host)) return;
    const items = [{ id: agentIdOf(host), host, project_id: '' }];
    await ledger.decide({ requestId: 'agents', userId: null, projectId: null }, (state) => {
      const isThere = state.countBy('agent.host', host) > 0;
      const admitted = isThere ? null : admit(state, { actor: AGENT_ACTOR, command: { op: 'create', kind: 'agent', items } }, context());
      return { changes: admitted === null || isProblem(admitted) ? [] : admitted.changes, value: () => undefined };
    });
  };
};
