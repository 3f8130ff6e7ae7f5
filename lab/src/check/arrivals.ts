import { type Capture, startCapture } from '../wire/capture.js';
import { sendFrame } from '../wire/namespace-socket.js';
import type { Guest } from './field.js';
import { patienceMs, ping } from './reach.js';

/** A frame that must not arrive: what it is, and how tcpdump (`-e -n -vv`) would show it if it did. */
export type Unwanted = { readonly what: string; readonly frame: Uint8Array; readonly trace: RegExp };

const marker = /ICMP echo request/;

/**
 * Sends frames from an instance and then an honest ping to each neighbour that watches. It comes after them on every way that they could
 * take: once it is seen, what has not been seen will not be. The names of what arrived, and at whom.
 */
export const arrivedOf = async (
  from: Guest,
  watchers: readonly Guest[],
  frames: readonly Unwanted[],
): Promise<{ readonly ok: boolean; readonly saw: string }> => {
  const captures = await Promise.all(watchers.map(async ({ netns }) => await startCapture(netns, 'eth0', '')));
  try {
    for (const { frame } of frames) sendFrame(from.netns, 'eth0', frame);
    const told = await Promise.all(
      watchers.map(async (to, at) => {
        const { lines, sees } = captures[at] as Capture;
        if ((await ping(from.netns, to.v4)) === null || !(await sees(marker, patienceMs)))
          return `the closing ping did not reach ${to.name}`;
        const arrived = frames.filter(({ trace }) => lines.some((line) => trace.test(line)));
        return arrived.length === 0 ? null : `${to.name} got ${arrived.map(({ what }) => what).join(', ')}`;
      }),
    );
    const wrong = told.filter((one) => one !== null);
    return { ok: wrong.length === 0, saw: wrong.length === 0 ? 'only the closing ping' : wrong.join('; ') };
  } finally {
    await Promise.all(captures.map(async (capture) => await capture.stop()));
  }
};

/** Where the watchers are, in words. */
export const placeOf = (from: Guest, [to]: readonly Guest[]): string => (to?.host === from.host ? 'its host' : 'another host');
