import type { Paint } from '@manx/reach';
import { printed } from './printed.js';

/** A logged packet as `GET /v2.0/connectivity/logged` answers it (docs/reference/network-log.md), as far as it is shown. */
export type LoggedRow = {
  readonly seen_at: string;
  readonly action: 'ACCEPT' | 'DROP';
  readonly direction: 'egress' | 'ingress';
  readonly reason: string | null;
  readonly host: string | null;
  readonly port_id: string;
  readonly port_name: string | null;
  readonly security_group_id: string | null;
  readonly security_group_name: string | null;
  readonly security_group_rule_id: string | null;
  readonly text: string;
};

/** A packet in a line: when, what became of it, of which port, by what. */
export const formatLogged = (row: LoggedRow, paint: Paint): string => {
  const { action, direction, host, port_id: id, port_name: name } = row;
  const where = host === null ? '' : paint('faint', `  on ${host}`);
  const way = direction === 'egress' ? 'from' : 'to';
  const port = paint('strong', printed(name || id));
  return `${paint('faint', row.seen_at)}  ${paint(action === 'DROP' ? 'bad' : 'good', action.padEnd(6))}  ${way} ${port}  ${printed(row.text)}${paint('faint', `  ${causeOf(row)}`)}${where}`;
};

const causeOf = ({
  action,
  reason,
  security_group_id: group,
  security_group_name: name,
  security_group_rule_id: rule,
}: LoggedRow): string => {
  if (action === 'DROP') return reason ?? '';
  return group === null ? 'by rules of then' : `by ${printed(name || group)}, rule ${rule ?? ''}`;
};
