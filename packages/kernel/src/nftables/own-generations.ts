import { decodeAttributes } from '../netlink/attribute.js';
import { NETLINK_NETFILTER, NetlinkSocket } from '../netlink/netlink-socket.js';
import { oneAtATime } from '../one-at-a-time.js';
import type { Nftables } from './nftables.js';

const NFT_MSG_GETGEN = 0x0a10; // NFNL_SUBSYS_NFTABLES << 8 | 16
const NFT_MSG_NEWGEN_REPLY_HEADER = 4; // struct nfgenmsg
const NFTA_GEN_ID = 1;

/** Generations whose event has not come are forgotten beyond so many: none comes when the watcher fell behind. */
const MAX_AWAITED = 1_000;

/** A port to nftables, and which transactions were made through it. */
export type OwnGenerations = {
  readonly port: Nftables;
  /**
   * Whether a transaction that was heard of was made through `port`; asked once for each. By the number of the generation, since the
   * kernel tells of the maker only a process number of another namespace than ours, perhaps. In doubt (somebody else's came in the same
   * moment) it is not. Resolves when the calls under way have ended.
   */
  readonly isOwn: (generation: number) => Promise<boolean>;
};

/** Watches what is done through a port; the namespace of the process now must be the port's. Throws Fault when netlink cannot be opened. */
export const trackOwnGenerations = (inner: Nftables): OwnGenerations => {
  const socket = NetlinkSocket.open(NETLINK_NETFILTER);
  const line = oneAtATime();
  const own = new Set<number>();
  const generationNow = (): number => socket.get({ type: NFT_MSG_GETGEN, payload: Buffer.alloc(4) }, decodeGenerationId) ?? 0;
  const following = <T>(change: () => Promise<T>): Promise<T> =>
    line.run(async () => {
      const before = generationNow();
      try {
        return await change();
      } finally {
        const after = generationNow();
        if (after === before + 1) own.add(after);
        const [oldest] = own;
        if (own.size > MAX_AWAITED && oldest !== undefined) own.delete(oldest);
      }
    });
  return {
    port: {
      ...inner,
      apply: (text) => following(() => inner.apply(text)),
      hold: async (table) => (inner.isHeld(table) ? 'kept' : await following(() => inner.hold(table))),
      close: async () => {
        await line.idle();
        socket.close();
        await inner.close();
      },
    },
    isOwn: async (generation) => {
      await line.idle();
      return own.delete(generation);
    },
  };
};

const decodeGenerationId = (payload: Buffer): number | null =>
  decodeAttributes(payload.subarray(NFT_MSG_NEWGEN_REPLY_HEADER)).get(NFTA_GEN_ID)?.readUInt32BE(0) ?? null;
