import { LISTENER_LOG_GROUP } from '@manx/render';
import { watchLogGroup } from '../netlink/log-group.js';
import type { NetlinkWatch } from '../netlink/netlink-events.js';
import { type ListenerRecord, parseListenerReport } from './parse-listener-report.js';

/** A report with as many records as one frame has room for; each is told at once. */
const LOG = { group: LISTENER_LOG_GROUP, copiedBytes: 2_048, batch: 1, batchMs: 1_000 } as const;

/** An instance has said what it listens to, at a tap, from where the source checks let it. */
export type ListenerReport = { readonly ifindex: number; readonly records: readonly ListenerRecord[] };

/** Hears what the chain `listener` logs, each packet at once, until `close`; as `watchLogGroup`. */
export const watchListeners = (onReport: (report: ListenerReport) => void): NetlinkWatch =>
  watchLogGroup(LOG, {
    // What is lost in a flood is asked for again by the next query.
    onLost: () => undefined,
    onPacket: ({ etherType, inIndex, bytes }) => {
      const records = parseListenerReport(etherType, bytes);
      if (records.length > 0 && inIndex !== null) onReport({ ifindex: inIndex, records });
    },
  });
