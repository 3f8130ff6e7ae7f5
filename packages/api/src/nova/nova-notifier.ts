import type { Ledger } from '../ledger.js';
import { type EventCounts, EventQueue, type EventQueueOptions } from './event-queue.js';
import { createInstancePorts } from './instance-ports.js';

/** Tells Nova what becomes of its instances' ports. */
export type NovaNotifier = {
  readonly counts: () => EventCounts;
  /** Stops following; sends what waits, if Nova takes it at once. */
  readonly close: () => Promise<void>;
};

/** What a notifier is made from. */
export type NovaNotifierOptions = EventQueueOptions & { readonly ledger: Ledger };

/** How long an ending server waits for Nova. */
const CLOSE_LIMIT_MS = 2_000;

/**
 * Follows the durable commits and tells Nova of them. Of several servers each tells of the commits that it took itself, so that Nova hears
 * of each once. Events that a server had not sent when it was killed are lost, as Neutron's are: Nova then waits for its time limit.
 */
export const startNovaNotifier = ({ ledger, ...queueOptions }: NovaNotifierOptions): NovaNotifier => {
  const queue = new EventQueue(queueOptions);
  const ports = ledger.atDurable((state) => createInstancePorts(state));
  const subscription = ledger.subscribe((commits) => {
    for (const commit of commits) {
      const events = ports.eventsOf(commit);
      if (ledger.isOwn(commit)) queue.add(events);
    }
  });
  return {
    counts: () => queue.counts,
    close: async () => {
      subscription.stop();
      await queue.close(CLOSE_LIMIT_MS);
    },
  };
};
