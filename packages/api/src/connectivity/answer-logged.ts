import { badRequest, isProblem, isVisible } from '@manx/model';
import { packetText } from '@manx/reach';
import { type Answer, refusal } from '../answer.js';
import type { EventBook, HostEvent } from './event-book.js';
import { allPortsNamed, type Parameters, queryOf } from './query-of.js';
import { snakeKeys } from './snake-keys.js';
import type { Asker } from './viewer.js';

/** A question about packets that logs asked for: the query, and all that is known. */
export type LoggedQuestion = {
  readonly parameters: Parameters;
  readonly events: Pick<EventBook, 'after'>;
};

const PARAMETERS: ReadonlySet<string> = new Set(['port_id', 'port', 'log_id', 'after']);

/** The most packets that one answer tells, the latest. */
const MOST = 1_000;

/**
 * Answers what logs asked for: to whoever may see the log, which names what he may see and no more. What no log that is still there asked for is told to
 * nobody. Where the ports are is told to administrators.
 */
export const answerLogged = (asker: Asker, { parameters, events }: LoggedQuestion): Answer => {
  const valuesOf = queryOf(parameters, PARAMETERS);
  if (isProblem(valuesOf)) return refusal(valuesOf);
  if (valuesOf('after').length > 1) return refusal(badRequest('after must be said once'));
  const named = allPortsNamed(asker, valuesOf('port'));
  if (isProblem(named)) return refusal(named);
  const ports = new Set([...valuesOf('port_id'), ...named.map(({ id }) => id)]);
  const logs = new Set(valuesOf('log_id'));
  const told = events.after(valuesOf('after')[0] ?? null);
  const isAsked = ({ endpoint }: HostEvent): boolean => ports.size === 0 || ports.has(endpoint);
  const isLogAsked = (id: string): boolean => logs.size === 0 || logs.has(id);
  const rows = told.events.filter(isAsked).flatMap((event) => {
    const seen = logsSeen(asker, event).filter(isLogAsked);
    return seen.length === 0 ? [] : [{ event, seen }];
  });
  return {
    status: 200,
    text: JSON.stringify({ logged: rows.slice(-MOST).map(({ event, seen }) => rowOf(asker, event, seen)), cursor: told.cursor }),
  };
};

const logsSeen = ({ state, actor, policy }: Asker, { logs }: HostEvent): readonly string[] =>
  logs.filter((id) => {
    const log = state.get('log', id);
    return log !== undefined && isVisible({ state, actor, policy }, 'log', log);
  });

const rowOf = ({ state, actor }: Asker, event: HostEvent, logs: readonly string[]): object => {
  const { host, endpoint, direction, reason, policy, rule, packet, seenAt } = event;
  return {
    seen_at: new Date(seenAt).toISOString(),
    action: reason === null ? 'ACCEPT' : 'DROP',
    direction,
    reason,
    host: actor.is_admin ? host : null,
    port_id: endpoint,
    port_name: state.get('port', endpoint)?.name ?? null,
    log_ids: logs,
    security_group_id: policy,
    security_group_name: policy === null ? null : (state.get('security_group', policy)?.name ?? null),
    security_group_rule_id: rule,
    text: packetText(packet),
    packet: snakeKeys(packet),
  };
};
