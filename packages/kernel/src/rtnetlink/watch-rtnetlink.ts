import type { NetlinkMessage } from '../netlink/message.js';
import { type NetlinkWatch, watchNetlink } from '../netlink/netlink-events.js';
import { NETLINK_ROUTE } from '../netlink/netlink-socket.js';
import { decodeAddress, RTM_DELADDR, RTM_NEWADDR } from './address-codec.js';
import { decodeLink, RTM_DELLINK, RTM_NEWLINK } from './link-codec.js';
import { decodeNeighbour, RTM_DELNEIGH, RTM_NEWNEIGH } from './neighbour-codec.js';
import { decodeNetconf, RTM_NEWNETCONF } from './netconf-codec.js';
import { RTM_DELQDISC, RTM_NEWQDISC } from './qdisc-codec.js';
import { RTM_DELTFILTER, RTM_NEWTFILTER } from './redirect-codec.js';
import { decodeRoute, RTM_DELROUTE, RTM_NEWROUTE } from './route-codec.js';
import type { RtEvent } from './rtnetlink.js';

// enum rtnetlink_groups, include/uapi/linux/rtnetlink.h
const RTNLGRP_LINK = 1;
const RTNLGRP_NEIGH = 3;
const RTNLGRP_TC = 4;
const RTNLGRP_IPV4_IFADDR = 5;
const RTNLGRP_IPV4_ROUTE = 7;
const RTNLGRP_IPV6_IFADDR = 9;
const RTNLGRP_IPV6_ROUTE = 11;
const RTNLGRP_IPV4_NETCONF = 24;
const RTNLGRP_IPV6_NETCONF = 25;
const GROUPS = [
  RTNLGRP_LINK,
  RTNLGRP_NEIGH,
  RTNLGRP_TC,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV4_ROUTE,
  RTNLGRP_IPV6_IFADDR,
  RTNLGRP_IPV6_ROUTE,
  RTNLGRP_IPV4_NETCONF,
  RTNLGRP_IPV6_NETCONF,
];

/** Told what changes in this network namespace, and when some of it was missed. */
export type RtListener = { readonly onEvent: (event: RtEvent) => void; readonly onLost: () => void };

/** Watches links, addresses, routes, neighbours, limits and some settings of interfaces until `close`, our own changes included. Throws Fault when it cannot begin. */
export const watchRtnetlink = (listener: RtListener): NetlinkWatch =>
  watchNetlink(
    { protocol: NETLINK_ROUTE, groups: GROUPS },
    {
      onLost: listener.onLost,
      onMessages: (messages) => {
        for (const message of messages) {
          const event = decodeEvent(message);
          if (event !== null) listener.onEvent(event);
        }
      },
    },
  );

/** One event out of a message; null for what is none of these kinds. */
const decodeEvent = (message: NetlinkMessage): RtEvent | null => {
  switch (message.type) {
    case RTM_NEWLINK:
    case RTM_DELLINK: {
      const link = decodeLink(message.payload);
      return link && { kind: 'link', isGone: message.type === RTM_DELLINK, link };
    }
    case RTM_NEWADDR:
    case RTM_DELADDR: {
      const address = decodeAddress(message.payload);
      return address && { kind: 'address', isGone: message.type === RTM_DELADDR, address };
    }
    case RTM_NEWROUTE:
    case RTM_DELROUTE: {
      const route = decodeRoute(message.payload);
      return route && { kind: 'route', isGone: message.type === RTM_DELROUTE, route };
    }
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH: {
      const neighbour = decodeNeighbour(message.payload);
      return neighbour && { kind: 'neighbour', isGone: message.type === RTM_DELNEIGH, neighbour };
    }
    case RTM_NEWQDISC:
    case RTM_DELQDISC:
    case RTM_NEWTFILTER:
    case RTM_DELTFILTER:
      // struct tcmsg
      return message.payload.length < 8 ? null : { kind: 'limits', ifindex: message.payload.readInt32LE(4) };
    case RTM_NEWNETCONF: {
      const netconf = decodeNetconf(message.payload);
      return netconf && { kind: 'netconf', netconf };
    }
    default:
      return null;
  }
};
