import { type HostCounters, parseCounters } from '@manx/reconcile';
import { DROP_METERS } from '@manx/render';
import type { Nftables, NftObject } from '../nftables/nftables.js';

/** Reads what was dropped, by tap and reason: a small set for each reason, whatever the size of the tables; throws as `readCounters`. */
export const readDrops = async (nftables: Nftables): Promise<HostCounters> => parseCounters(await listDrops(nftables));

/**
 * Reads what the rules of the tables `manx` have counted: drops by tap and reason, and what each security group rule let in or out. Reads a small set
 * for each reason and one list of counters, whatever the size of the tables; empty where there are none. Throws Fault when the
 * kernel cannot be read.
 */
export const readCounters = async (nftables: Nftables): Promise<HostCounters> =>
  parseCounters([...(await listDrops(nftables)), ...(await nftables.listCounters({ family: 'inet', name: 'manx' }))]);

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
