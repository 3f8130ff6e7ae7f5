import { closeSync } from 'node:fs';
import { openLink, receiveOnLink, sendOnLink } from './namespace-socket.js';

/** The cable of one interface: what comes in is kept, byte for byte; what is sent goes out as it is. */
export type Link = {
  /** Every frame that has come in since the link was opened, or since `forget`. */
  readonly heard: () => readonly Uint8Array[];
  /** What was heard so far, which is forgotten with that: each frame is taken once, and none is lost. */
  readonly take: () => readonly Uint8Array[];
  /** Forgets what was heard so far, and goes on listening. */
  readonly forget: () => void;
  /** True as soon as a frame is as asked, past ones included; false when none was within the limit. */
  readonly hears: (isIt: (frame: Uint8Array) => boolean, timeoutMs: number) => Promise<boolean>;
  readonly send: (frame: Uint8Array) => void;
  readonly close: () => void;
};

/** How often the socket is asked: a packet takes a fraction of it from end to end of the lab. */
const lookEveryMs = 2;

/** Opens the link of an interface in a namespace; from now on nothing that comes in is missed. The caller closes it. */
export const openLinkOf = (namespace: string, ifname = 'eth0'): Link => {
  const fd = openLink(namespace, ifname);
  const kept: Uint8Array[] = [];
  const drain = (): readonly Uint8Array[] => {
    for (let frame = receiveOnLink(fd); frame !== null; frame = receiveOnLink(fd)) kept.push(frame);
    return kept;
  };
  return {
    heard: drain,
    take: () => {
      drain();
      return kept.splice(0);
    },
    forget: () => {
      drain();
      kept.length = 0;
    },
    hears: async (isIt, timeoutMs) => {
      const end = performance.now() + timeoutMs;
      for (let seen = 0; ; ) {
        const frames = drain();
        for (; seen < frames.length; seen += 1) if (isIt(frames[seen] as Uint8Array)) return true;
        if (performance.now() > end) return false;
        await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
      }
    },
    send: (frame) => sendOnLink(fd, frame),
    close: () => closeSync(fd),
  };
};
