import type { Ip } from '@manx/ip';
import { CLAIM_LOG_GROUP } from '@manx/render';
import { watchLogGroup } from '../netlink/log-group.js';
import type { NetlinkWatch } from '../netlink/netlink-events.js';
import { parseAnnouncement } from './parse-announcement.js';

/** Enough of a packet to tell what it announces; each is told at once. */
const LOG = { group: CLAIM_LOG_GROUP, copiedBytes: 128, batch: 1, batchMs: 1_000 } as const;

/**
 * An instance has announced an address as its own: at a tap, from where the source checks let it; or, with null, it has given another sign of
 * life at a tap where it is awaited.
 */
export type Announcement = { readonly ifindex: number; readonly ip: Ip | null };

/** Hears what the rules of `CLAIM_CHAINS_*` and `arrivalRules` log, each packet at once, until `close`; as `watchLogGroup`. */
export const watchAnnouncements = (onAnnouncement: (announcement: Announcement) => void): NetlinkWatch =>
  watchLogGroup(LOG, {
    // A flood beyond what rules let pass and the socket holds: whoever announces does it again.
    onLost: () => undefined,
    onPacket: ({ etherType, inIndex, bytes }) => {
      if (inIndex !== null) onAnnouncement({ ifindex: inIndex, ip: parseAnnouncement(etherType, bytes) });
    },
  });
