import { familyOf } from '@manx/ip';
import { errnoName, faultOfErrno } from '../errno.js';
import { NETLINK_NETFILTER, NetlinkSocket } from '../netlink/netlink-socket.js';
import type { Conntrack, TrackedFlow } from './conntrack.js';
import { decodeFlow, encodeFlowDelete, encodeFlowDump, encodeIpv4FlowDump, IPCTNL_MSG_CT_GET } from './flow-codec.js';

/** Up to so many IPv4 addresses the kernel filters, with two walks of its table for each; beyond it all flows are read once. */
const MAX_FILTERED_ADDRESSES = 4;
const SIDES = ['source', 'destination'] as const;

/** Opens connection tracking in the network namespace that the process is in. Throws Fault. */
export const openConntrack = (): Conntrack => {
  const socket = NetlinkSocket.open(NETLINK_NETFILTER);
  const dump = (payload: Buffer): readonly TrackedFlow[] => socket.dump({ type: IPCTNL_MSG_CT_GET, payload }, decodeFlow);
  return {
    flows: (addresses) => {
      const has = ({ flow }: TrackedFlow): boolean => addresses.has(flow.source) || addresses.has(flow.destination);
      const v4 = [...addresses].filter((ip) => familyOf(ip) === 4);
      const payloads = [
        ...(v4.length > MAX_FILTERED_ADDRESSES
          ? [encodeFlowDump(4)]
          : v4.flatMap((ip) => SIDES.map((side) => encodeIpv4FlowDump(ip, side)))),
        ...(v4.length < addresses.size ? [encodeFlowDump(6)] : []),
      ];
      return unique(payloads.flatMap(dump).filter(has));
    },
    forget: (flows) => {
      const verdicts = socket.send(flows.map(encodeFlowDelete));
      return flows.map(({ flow }, index) => {
        const verdict = verdicts[index];
        if (verdict === undefined || verdict.errno === 0 || errnoName(verdict.errno) === 'ENOENT') return null;
        return faultOfErrno('forget flow', `${flow.source} to ${flow.destination}`, verdict);
      });
    },
    close: () => {
      socket.close();
    },
  };
};

const unique = (flows: readonly TrackedFlow[]): readonly TrackedFlow[] => [
  ...new Map(flows.map((tracked) => [tracked.handle.attributes.toString('latin1'), tracked])).values(),
];
