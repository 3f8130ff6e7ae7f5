import { closeSync, readSync } from 'node:fs';
import koffi from 'koffi';
import { faultOfErrno } from '../errno.js';
import { SOCK_NONBLOCK, setSocketOption } from './libc.js';
import { decodeMessages, type NetlinkMessage } from './message.js';
import { openNetlink } from './netlink-socket.js';

const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
/** So that a flood of events leaves room for everything else between two reads. */
const MAX_READS_PER_TURN = 64;

/** What a watcher is told. */
export type NetlinkListener = {
  /** The messages of one datagram; payloads are only valid during the call. */
  readonly onMessages: (messages: readonly NetlinkMessage[]) => void;
  /** Events were lost (ENOBUFS): what was known from events is stale, observe again. */
  readonly onLost: () => void;
};

/** An open subscription. */
export type NetlinkWatch = { readonly close: () => void };

/** One that can be asked for what has come and was not told yet. */
export type DrainedWatch = NetlinkWatch & { readonly drain: () => void };

/**
 * Subscribes to multicast groups in the current network namespace; events come from the event loop, until `close`. Keeps the process
 * alive. `prepare` may set further options on the socket before the first event. Throws Fault when it cannot be opened.
 */
export const watchNetlink = (
  source: { readonly protocol: number; readonly groups: readonly number[]; readonly prepare?: (fd: number) => void },
  listener: NetlinkListener,
): DrainedWatch => {
  const fd = openNetlink(source.protocol, SOCK_NONBLOCK);
  const buffer = Buffer.allocUnsafe(1 << 17);
  try {
    source.prepare?.(fd);
    for (const group of source.groups) {
      const value = Buffer.alloc(4);
      value.writeUInt32LE(group);
      setSocketOption(fd, { level: SOL_NETLINK, name: NETLINK_ADD_MEMBERSHIP }, value);
    }
  } catch (fault) {
    closeSync(fd);
    throw fault;
  }
  const state = { isOpen: true };
  const drain = (): void => {
    for (let reads = 0; state.isOpen && reads < MAX_READS_PER_TURN; reads += 1) {
      const event = readEvent(fd, buffer);
      if (event === 'none') return;
      if (event === 'lost') listener.onLost();
      else listener.onMessages(event);
    }
  };
  const handle = koffi.node.poll(fd, { readable: true }, drain);
  return {
    drain,
    close: () => {
      if (!state.isOpen) return;
      state.isOpen = false;
      handle.close();
      closeSync(fd);
    },
  };
};

const readEvent = (fd: number, buffer: Buffer): readonly NetlinkMessage[] | 'none' | 'lost' => {
  try {
    return decodeMessages(buffer.subarray(0, readSync(fd, buffer)));
  } catch (error) {
    const { code, errno } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN') return 'none';
    if (code === 'ENOBUFS') return 'lost';
    throw faultOfErrno('receive', 'netlink events', { errno: -(errno ?? 0) });
  }
};
