import { RESOURCE_KINDS } from '@manx/model';
import type { HostWiring } from '../host-wiring.js';
import type { Ledger } from '../ledger.js';
import type { NovaNotifier } from '../nova/nova-notifier.js';
import { hostTotals } from './meter-feed.js';
import type { Gauges } from './metrics.js';

/** Where a server's figures are looked up: its ledger, its hosts, and, where Nova is told, what waits for it. */
export const serverGauges = (ledger: Ledger, wiring: HostWiring, nova: Pick<NovaNotifier, 'counts'> | null): Partial<Gauges> => ({
  revision: () => ledger.revision,
  resources: () => RESOURCE_KINDS.map((kind) => [kind, ledger.state.count(kind)] as const),
  hosts: () => hostTotals(wiring.feed),
  drops: () => wiring.drops.packetsByReason(),
  problems: () => wiring.problems().length,
  ...(nova === null ? {} : { nova: nova.counts }),
});
