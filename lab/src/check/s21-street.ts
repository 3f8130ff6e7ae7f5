import { serveTcp } from '../wire/tcp-probe.js';
import { serveUdp } from '../wire/udp-probe.js';
import { clearStreet } from './clear-street.js';
import type { CheckContext } from './context.js';
import type { Field } from './field.js';
import { echoPort } from './reach.js';
import type { Row } from './row.js';
import { floatingRows } from './s21-floating-ips.js';
import { limitRow } from './s21-limits.js';
import { liveRows } from './s21-live.js';
import { moveRows } from './s21-moves.js';
import { forwardRows } from './s23-forwards.js';
import { sourceNatRows } from './s24-source-nat.js';
import { openStreet } from './street.js';

/** S21 to S25: the tenant pattern, a router between a tenant network and an external one; and the provider pattern, which needs none. */
export const checkStreet = async (field: Field, { client, processes }: CheckContext): Promise<Row[]> => {
  const isOurs = ({ name, project_id }: { readonly [attribute: string]: unknown }): boolean =>
    project_id === field.tenantProject && String(name).startsWith('check-street');
  try {
    const street = await openStreet(field, client);
    const namespaces = [street.tenantFar, street.tenantMate].map(({ netns }) => netns);
    const servers = [
      ...namespaces.map((netns) => serveTcp(netns, 4, echoPort)),
      ...(await Promise.all(namespaces.map(async (netns) => await serveUdp(netns, 4, echoPort)))),
    ];
    try {
      const at = { field, street, client };
      const rows = await floatingRows(at);
      rows.push(...(await moveRows(at, processes)), ...(await liveRows(at)), await limitRow(at), ...(await forwardRows(at)));
      return [...rows, ...(await sourceNatRows(at, processes))];
    } finally {
      for (const server of servers) server.close();
    }
  } finally {
    await clearStreet(client, isOurs);
  }
};
