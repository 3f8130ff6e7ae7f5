import { DROP_REASONS, type DropReason, isDropReason, readSeenPacket, type SeenPacket } from '@manx/hoststate';
import { type Mac, macFromBytes } from '@manx/ip';
import { ACCEPT_PREFIX, LOG_GROUP, SAMPLE_BYTES, SAMPLE_GROUP } from '@manx/render';
import { type LoggedPacket, watchLogGroup } from '../netlink/log-group.js';
import type { NetlinkWatch } from '../netlink/netlink-events.js';

/** Nobody waits for a single packet: the kernel may gather a few, for a fifth of a second. */
const BATCH = { copiedBytes: SAMPLE_BYTES, batch: 32, batchMs: 200 } as const;

const ETHERTYPE_ARP = 0x0806;
const ETHERNET_HEADER = 14;

/** A packet that a rule has shown. */
type ShownPacket = {
  /** Interfaces that it came by, and was to leave by; null for none. */
  readonly inIndex: number | null;
  readonly outIndex: number | null;
  /** The sender's of the frame. */
  readonly mac: Mac | null;
  readonly packet: SeenPacket;
};

/** A packet that a rule has dropped, one of those that rules show (`drop-chains` of render). */
export type DroppedPacket = ShownPacket & { readonly reason: DropReason };

/** A packet that a log of Neutron's asks for (`log-chains` of render): accepted, where there is no reason, or dropped. */
export type PacketEvent = ShownPacket & { readonly direction: 'egress' | 'ingress'; readonly reason: DropReason | null };

/** What a listener is told. */
type Listener<T> = {
  readonly onPacket: (packet: T) => void;
  /** Some were not heard: there were more than the socket holds. */
  readonly onLost: () => void;
};

/** Hears samples of what is dropped, until `close`; as `watchLogGroup`. */
export const watchSamples = ({ onPacket, onLost }: Listener<DroppedPacket>): NetlinkWatch =>
  watchLogGroup(
    { ...BATCH, group: SAMPLE_GROUP },
    {
      onLost,
      onPacket: (logged) => {
        // What others log to our group has no reason of ours.
        if (isDropReason(logged.prefix)) onPacket({ reason: logged.prefix, ...shownOf(logged) });
      },
    },
  );

/** Hears what logs of Neutron's ask for, until `close`; as `watchLogGroup`. */
export const watchEvents = ({ onPacket, onLost }: Listener<PacketEvent>): NetlinkWatch =>
  watchLogGroup(
    { ...BATCH, group: LOG_GROUP },
    {
      onLost,
      onPacket: (logged) => {
        const { prefix } = logged;
        if (isDropReason(prefix)) onPacket({ reason: prefix, direction: DROP_REASONS[prefix].direction, ...shownOf(logged) });
        const accepted = (['egress', 'ingress'] as const).find((direction) => prefix === `${ACCEPT_PREFIX}${direction}`);
        if (accepted !== undefined) onPacket({ reason: null, direction: accepted, ...shownOf(logged) });
      },
    },
  );

const shownOf = ({ etherType, inIndex, outIndex, mac, bytes }: LoggedPacket): ShownPacket => {
  // ARP of the host has its Ethernet header already where rules see it (arp_create, net/ipv4/arp.c).
  const isFramed = etherType === ETHERTYPE_ARP && inIndex === null;
  const packet = readSeenPacket(etherType, isFramed ? bytes.subarray(ETHERNET_HEADER) : bytes);
  return { inIndex, outIndex, mac: mac === null ? null : macFromBytes(mac), packet };
};
