import { errnoName, faultOfErrno } from '../errno.js';
import type { Fault } from '../fault.js';
import type { NetlinkRequest, NetlinkVerdict } from '../netlink/message.js';
import { NETLINK_ROUTE, NetlinkSocket } from '../netlink/netlink-socket.js';
import { decodeAddress, encodeAddressDelete, encodeAddressDump, encodeAddressPut, RTM_GETADDR } from './address-codec.js';
import type { RtChange } from './change.js';
import { decodeLink, encodeLinkAdd, encodeLinkDelete, encodeLinkGet, encodeLinkSet, RTM_GETLINK } from './link-codec.js';
import { decodeNeighbour, encodeNeighbourDelete, encodeNeighbourDump, encodeNeighbourPut, RTM_GETNEIGH } from './neighbour-codec.js';
import {
  decodeQdisc,
  encodeBucketDelete,
  encodeBucketPut,
  encodeEgressPut,
  encodeIngressDelete,
  encodeIngressPut,
  encodeQdiscDump,
  RTM_GETQDISC,
} from './qdisc-codec.js';
import { decodeRedirect, encodeFilterDump, encodeInjectionPut, encodeRedirectPut, RTM_GETTFILTER } from './redirect-codec.js';
import { decodeRoute, encodeRouteDelete, encodeRouteDump, encodeRoutePut, RTM_GETROUTE } from './route-codec.js';
import type { Rtnetlink } from './rtnetlink.js';

/** Errors that mean "it is not there", which is what a delete wants. */
const GONE: ReadonlySet<string> = new Set(['ESRCH', 'ENOENT', 'ENODEV', 'EADDRNOTAVAIL', 'ENXIO']);

/** To the kernel a root discipline that is not the one named is an invalid argument (tc_get_qdisc, net/sched/sch_api.c). */
const isGone = ({ kind }: RtChange, errno: string): boolean =>
  (kind.startsWith('delete-') && (GONE.has(errno) || (kind === 'delete-bucket' && errno === 'EINVAL'))) ||
  // Our own, from before.
  ((kind === 'put-link' || kind === 'put-ingress' || kind === 'put-egress') && errno === 'EEXIST');

/** Opens the port to the network namespace that the process is in. Throws Fault. */
export const openRtnetlink = (): Rtnetlink => {
  const socket = NetlinkSocket.open(NETLINK_ROUTE);
  const list = <T>(type: number, payload: Buffer, decode: (payload: Buffer) => T | null): readonly T[] =>
    socket.dump({ type, payload }, decode);
  return {
    links: () => list(RTM_GETLINK, encodeLinkGet(), decodeLink),
    link: (which) => nullIfGone(() => socket.get({ type: RTM_GETLINK, payload: encodeLinkGet(which) }, decodeLink)),
    qdiscs: () => list(RTM_GETQDISC, encodeQdiscDump(), decodeQdisc),
    redirects: (ifindex) => noneIfGone(() => list(RTM_GETTFILTER, encodeFilterDump(ifindex), decodeRedirect)),
    addresses: (ifindex) =>
      noneIfGone(() => list(RTM_GETADDR, encodeAddressDump(ifindex), decodeAddress)).filter((it) => isOf(ifindex, it)),
    // A table that never had a route is not there.
    routes: (filter) => noneIfGone(() => list(RTM_GETROUTE, encodeRouteDump(filter), decodeRoute)),
    neighbours: (ifindex) =>
      noneIfGone(() => list(RTM_GETNEIGH, encodeNeighbourDump(ifindex), decodeNeighbour)).filter((it) => !it.isProxy && isOf(ifindex, it)),
    apply: (changes) => {
      const verdicts = socket.send(changes.map(encodeChange));
      return changes.map((change, index) => outcome(change, verdicts[index] ?? { errno: 0, message: null }));
    },
    close: () => {
      socket.close();
    },
  };
};

const isOf = (ifindex: number | undefined, fact: { readonly ifindex: number }): boolean =>
  ifindex === undefined || fact.ifindex === ifindex;

const nullIfGone = <T>(read: () => T | null): T | null => {
  try {
    return read();
  } catch (fault) {
    if ((fault as Fault).code === 'missing') return null;
    throw fault;
  }
};

const noneIfGone = <T>(list: () => readonly T[]): readonly T[] => nullIfGone(list) ?? [];

const encodeChange = (change: RtChange): NetlinkRequest => {
  switch (change.kind) {
    case 'set-link':
      return encodeLinkSet(change);
    case 'put-link':
      return encodeLinkAdd(change);
    case 'delete-link':
      return encodeLinkDelete(change);
    case 'put-bucket':
      return encodeBucketPut(change);
    case 'delete-bucket':
      return encodeBucketDelete(change);
    case 'put-ingress':
      return encodeIngressPut(change);
    case 'delete-ingress':
      return encodeIngressDelete(change);
    case 'put-redirect':
      return encodeRedirectPut(change);
    case 'put-egress':
      return encodeEgressPut(change);
    case 'put-injection':
      return encodeInjectionPut(change);
    case 'put-address':
      return encodeAddressPut(change);
    case 'delete-address':
      return encodeAddressDelete(change);
    case 'put-route':
      return encodeRoutePut(change);
    case 'delete-route':
      return encodeRouteDelete(change);
    case 'put-neighbour':
      return encodeNeighbourPut(change);
    case 'delete-neighbour':
      return encodeNeighbourDelete(change);
    default:
      return change satisfies never;
  }
};

const outcome = (change: RtChange, verdict: NetlinkVerdict): Fault | null => {
  if (verdict.errno === 0) return null;
  if (isGone(change, errnoName(verdict.errno))) return null;
  return faultOfErrno(change.kind, subjectOf(change), verdict);
};

const subjectOf = (change: RtChange): string => {
  const what = 'destination' in change ? `${change.destination} ` : 'ip' in change ? `${change.ip} ` : '';
  if ('ifname' in change) return change.ifname;
  const interfaces = 'hops' in change ? change.hops.map(({ ifindex }) => ifindex) : [change.ifindex];
  return `${what}on interface ${interfaces.join(' and ')}`;
};
