import { type DrainedWatch, watchNetlink } from '../netlink/netlink-events.js';
import { NETLINK_NETFILTER } from '../netlink/netlink-socket.js';
import { decodeTrace, type TraceEvent } from './decode-trace.js';

// include/uapi/linux/netfilter/nfnetlink.h and nf_tables.h
const NFNLGRP_NFTRACE = 9;
const NFT_MSG_TRACE = 0x0a11; // NFNL_SUBSYS_NFTABLES << 8 | 17

/**
 * Hears what the kernel tells of packets that a rule has marked (`meta nftrace set 1`), whoever's rule it is, in the network namespace that the process is in,
 * until `close`. Throws Fault when it cannot begin.
 */
export const watchTraces = (listener: { readonly onEvent: (event: TraceEvent) => void; readonly onLost: () => void }): DrainedWatch =>
  watchNetlink(
    { protocol: NETLINK_NETFILTER, groups: [NFNLGRP_NFTRACE] },
    {
      onLost: listener.onLost,
      onMessages: (messages) => {
        for (const { type, payload } of messages) {
          const event = type === NFT_MSG_TRACE ? decodeTrace(payload) : null;
          if (event !== null) listener.onEvent(event);
        }
      },
    },
  );
