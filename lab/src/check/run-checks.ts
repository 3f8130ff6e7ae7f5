import { apiUrl } from '../api-socket.js';
import { interruptible } from '../interrupts.js';
import { outsideNamespace } from '../layout.js';
import { openNeutronClient } from '../neutron-client.js';
import { processControl } from '../process-control.js';
import { readRunningLab } from '../running-lab.js';
import { serveTcp } from '../wire/tcp-probe.js';
import { serveUdp } from '../wire/udp-probe.js';
import type { CheckContext } from './context.js';
import { checkDrops } from './drops.js';
import { checkExpectations } from './expectations.js';
import type { Field } from './field.js';
import { checkLiveMigration } from './live-migration.js';
import { clearField, makeField } from './make-field.js';
import { checkQos } from './qos.js';
import { echoPort } from './reach.js';
import { type Row, row } from './row.js';
import { checkUnicast } from './s01-unicast.js';
import { checkHops } from './s02-hops.js';
import { checkNoLink } from './s03-no-l2.js';
import { checkApi } from './s04-api.js';
import { checkFlat } from './s05-flat.js';
import { checkBgp } from './s07-bgp.js';
import { checkOutside } from './s07-outside.js';
import { checkAnycast } from './s08-anycast.js';
import { checkFailover } from './s09-failover.js';
import { checkMulticast } from './s10-multicast.js';
import { checkPools } from './s15-pools.js';
import { checkGroups } from './s16-groups.js';
import { checkForgery } from './s17-forgery.js';
import { checkHost } from './s18-host.js';
import { checkOffAndDown } from './s19-off-and-down.js';
import { checkFailSafe } from './s20-fail-safe.js';
import { checkStreet } from './s21-street.js';
import { checkAddresses } from './s26-addresses.js';
import { checkClients } from './s26-clients.js';
import { checkMetadata } from './s27-metadata.js';
import { checkNames } from './s28-names.js';
import { checkTrace } from './s30-trace.js';

type Check = { readonly promise: string; readonly run: (field: Field, context: CheckContext) => Promise<readonly Row[]> };

/** Every check, in the order of the promises; the ones that kill programs come last. */
const checks: readonly Check[] = [
  { promise: 'S1', run: checkUnicast },
  { promise: 'S2', run: checkHops },
  { promise: 'S3', run: checkNoLink },
  { promise: 'S4', run: checkApi },
  { promise: 'S5', run: checkFlat },
  { promise: 'S7', run: checkOutside },
  { promise: 'S7', run: checkBgp },
  { promise: 'S8', run: checkAnycast },
  { promise: 'S10', run: checkMulticast },
  { promise: 'S15', run: checkPools },
  { promise: 'S16', run: checkGroups },
  { promise: 'S17', run: checkForgery },
  { promise: 'S18', run: checkHost },
  { promise: 'S19', run: checkOffAndDown },
  { promise: 'S21', run: checkStreet },
  { promise: 'S26', run: checkAddresses },
  { promise: 'S26', run: checkClients },
  { promise: 'S27', run: checkMetadata },
  { promise: 'QoS', run: checkQos },
  { promise: 'S28', run: checkNames },
  { promise: 'drops', run: checkDrops },
  { promise: 'S30', run: checkTrace },
  { promise: 'S9', run: checkFailover },
  { promise: 'live', run: checkLiveMigration },
  { promise: 'S20', run: checkFailSafe },
];

/** A check that cannot be done is one that failed: the others are still of interest. */
const attempt = async ({ promise, run }: Check, field: Field, context: CheckContext): Promise<readonly Row[]> => {
  try {
    return await run(field, context);
  } catch (error) {
    return [row(promise, 'the check itself', { saw: `broke off: ${error instanceof Error ? error.message : String(error)}`, ok: false })];
  }
};

/** Someone who answers on the probes' ports in every instance of the field, and outside. */
const serveField = async (field: Field): Promise<{ readonly close: () => void }> => {
  const { near, mate, far, tenant, stranger, shy, shyFar, guarded, cutter } = field;
  const namespaces = [...[near, mate, far, tenant, stranger, shy, shyFar, guarded, cutter].map(({ netns }) => netns), outsideNamespace];
  const places = namespaces.flatMap((namespace) => ([4, 6] as const).map((family) => ({ namespace, family, port: echoPort })));
  const servers = [
    ...places.map(({ namespace, family, port }) => serveTcp(namespace, family, port)),
    ...(await Promise.all(places.map(async ({ namespace, family, port }) => await serveUdp(namespace, family, port)))),
  ];
  return {
    close: () => {
      for (const server of servers) server.close();
    },
  };
};

/**
 * Proves the promises on the running lab with instances of its own, which it removes afterwards, and then the expectations of the
 * lab's cloud file. Each row is told as it is known; all are returned in that order. An interrupt is heeded between two checks: what
 * they made is removed, and LabError `interrupted` thrown.
 */
export const runChecks = async (onRow: (row: Row) => void): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  const keep = (more: readonly Row[]) => {
    for (const one of more) {
      rows.push(one);
      onRow(one);
    }
  };
  const context: CheckContext = { client: openNeutronClient(apiUrl), processes: processControl };
  return await interruptible(async (signal) => {
    keep(await checkExpectations(await readRunningLab()));
    try {
      signal.throwIfAborted();
      const field = await makeField();
      const servers = await serveField(field);
      try {
        for (const check of checks) {
          signal.throwIfAborted();
          keep(await attempt(check, field, context));
        }
      } finally {
        servers.close();
      }
    } finally {
      await clearField();
    }
    signal.throwIfAborted();
    return rows;
  });
};
