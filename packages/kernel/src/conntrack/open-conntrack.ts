import { isPrefix } from '@manx/hoststate';
import { cidrContains, familyOf, type Ip } from '@manx/ip';
import { errnoName, faultOfErrno } from '../errno.js';
import type { Fault } from '../fault.js';
import type { NetlinkVerdict } from '../netlink/message.js';
import { NETLINK_NETFILTER, NetlinkSocket } from '../netlink/netlink-socket.js';
import type { Conntrack, TrackedFlow } from './conntrack.js';
import {
  decodeFlow,
  decodeFlowCount,
  encodeFlowAnew,
  encodeFlowCount,
  encodeFlowDelete,
  encodeFlowDump,
  encodeIpv4FlowDump,
  type FlowEnds,
  flowEnds,
  IPCTNL_MSG_CT_GET,
  IPCTNL_MSG_CT_GET_STATS,
  mayHaveEnd,
} from './flow-codec.js';

/**
 * So few flows are all read: one walk of the kernel's table, whose buckets cost more than they hold (a quarter of a million of them take
 * milliseconds, empty as they are).
 */
const FEW_FLOWS = 500;
/** Up to so many IPv4 addresses the kernel filters, with two walks of its table for each; beyond it all flows are read once. */
const MAX_FILTERED_ADDRESSES = 4;
const SIDES = ['source', 'destination'] as const;

/** Opens connection tracking in the network namespace that the process is in. Throws Fault. */
export const openConntrack = (): Conntrack => {
  const socket = NetlinkSocket.open(NETLINK_NETFILTER);
  const dump = (payload: Buffer, ends: FlowEnds | null): readonly TrackedFlow[] => {
    const decode = (flow: Buffer): TrackedFlow | null => (ends === null || mayHaveEnd(flow, ends) ? decodeFlow(flow) : null);
    return socket.dump({ type: IPCTNL_MSG_CT_GET, payload }, decode);
  };
  const count = (): number => socket.get({ type: IPCTNL_MSG_CT_GET_STATS, payload: encodeFlowCount() }, decodeFlowCount) ?? Infinity;
  return {
    flows: (addresses) => {
      const prefixes = [...addresses].filter(isPrefix);
      const covers = (ip: Ip): boolean => addresses.has(ip) || prefixes.some((cidr) => cidrContains(cidr, ip));
      const has = ({ flow }: TrackedFlow): boolean => covers(flow.source) || covers(flow.destination);
      const all = addresses.size === 0 ? 0 : count();
      if (all === 0) return [];
      // Of prefixes the bytes do not say enough.
      const ends = prefixes.length > 0 ? null : flowEnds(addresses as ReadonlySet<Ip>);
      if (all <= FEW_FLOWS) return unique(dump(encodeFlowDump('both'), ends).filter(has));
      const v4 = [...addresses].filter((ip) => familyOf(ip) === 4);
      const single = v4.filter((member) => !isPrefix(member));
      const payloads = [
        ...(single.length < v4.length || single.length > MAX_FILTERED_ADDRESSES
          ? [encodeFlowDump(4)]
          : single.flatMap((ip) => SIDES.map((side) => encodeIpv4FlowDump(ip, side)))),
        ...(v4.length < addresses.size ? [encodeFlowDump(6)] : []),
      ];
      return unique(payloads.flatMap((payload) => dump(payload, ends)).filter(has));
    },
    forget: (flows) => {
      const verdicts = socket.send(flows.map(encodeFlowDelete));
      return flows.map((tracked, index) => faultOf('forget flow', tracked, verdicts[index], 'ENOENT'));
    },
    carry: (flows) =>
      flows.map((one) => {
        const anew = encodeFlowAnew(one);
        const [ended] = socket.send([encodeFlowDelete(one.tracked)]);
        // What has ended meanwhile is not to be brought back.
        if (ended?.errno !== 0 || anew === null) return faultOf('forget flow', one.tracked, ended, 'ENOENT');
        const [begun] = socket.send([anew]);
        return faultOf('carry flow', one.tracked, begun, 'EEXIST');
      }),
    close: () => {
      socket.close();
    },
  };
};

/** Null for what is done, or need not be any more: then the kernel answers by this name. */
const faultOf = (op: string, { flow }: TrackedFlow, verdict: NetlinkVerdict | undefined, fine: string): Fault | null =>
  verdict === undefined || verdict.errno === 0 || errnoName(verdict.errno) === fine
    ? null
    : faultOfErrno(op, `${flow.source} to ${flow.destination}`, verdict);

const unique = (flows: readonly TrackedFlow[]): readonly TrackedFlow[] => [
  ...new Map(flows.map((tracked) => [tracked.handle.attributes.toString('latin1'), tracked])).values(),
];
