/** The protocol number of our routes (rtm_protocol, include/uapi/linux/rtnetlink.h): ownership is a fact, not a guess. */
export const MANX_ROUTE_PROTOCOL = 80;

/** The metric of a route to an instance that runs here. */
export const MANX_ROUTE_METRIC = 1024;

/** And to one that has just come by live migration, until everybody knows that it is not where it was. */
export const ARRIVED_ROUTE_METRIC = 512;
