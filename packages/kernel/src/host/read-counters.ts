import { type IfName, parseIfName } from '@manx/hoststate';
import { type DropCount, type HostCounters, parseCounters, tapOfShaper, withDrops } from '@manx/reconcile';
import { DROP_METERS } from '@manx/render';
import type { Nftables, NftObject } from '../nftables/nftables.js';
import type { Rtnetlink } from '../rtnetlink/rtnetlink.js';
import type { HostPorts } from './host-ports.js';

type Ports = Pick<HostPorts, 'nftables' | 'rtnetlink'>;

/** Reads what was dropped, by tap and reason: a small set for each reason, whatever the size of the tables; throws as `readCounters`. */
export const readDrops = async ({ nftables, rtnetlink }: Ports): Promise<HostCounters> =>
  withDrops(parseCounters(await listDrops(nftables)), queueDrops(rtnetlink));

/**
 * Reads what was counted: drops by tap and reason, of the tables `manx` and of what limits bandwidth, and what each security group rule let in or out. Reads a
 * small set for each reason, one list of counters and one of queues, whatever the size of the tables; empty where there are none. Throws Fault when the
 * kernel cannot be read.
 */
export const readCounters = async ({ nftables, rtnetlink }: Ports): Promise<HostCounters> => {
  const objects = [...(await listDrops(nftables)), ...(await nftables.listCounters({ family: 'inet', name: 'manx' }))];
  return withDrops(parseCounters(objects), queueDrops(rtnetlink));
};

const listDrops = async (nftables: Nftables): Promise<readonly NftObject[]> => {
  const found: NftObject[] = [];
  for (const [family, sets] of DROP_METERS) {
    for (const set of sets) {
      const listed = await nftables.listSet({ family, name: 'manx' }, set);
      if (listed !== null) found.push(listed);
    }
  }
  return found;
};

/** What found no place to wait in: at a tap what its guest would have been sent, at its shaper what that sent. */
const queueDrops = (rtnetlink: Rtnetlink): readonly DropCount[] => {
  const dropping = rtnetlink.qdiscs().filter(({ bucket, drops }) => bucket !== null && drops > 0);
  if (dropping.length === 0) return [];
  const names = new Map(rtnetlink.links().map(({ ifindex, ifname }) => [ifindex, parseIfName(ifname)]));
  return dropping.flatMap(({ ifindex, drops }): readonly DropCount[] => {
    const name: IfName | null = names.get(ifindex) ?? null;
    if (name === null) return [];
    const tap = tapOfShaper(name);
    return [{ at: tap ?? name, reason: tap === null ? 'ingress-rate' : 'egress-rate', packets: drops, bytes: 0 }];
  });
};
