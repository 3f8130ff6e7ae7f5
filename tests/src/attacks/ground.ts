import { type Guest, type Link, openLinkOf } from '@manx/lab/attack-kit';
import { echoPacket, endsOf, ipFrame, newToken, type Shot } from './forge.js';
import type { Place, Range } from './range.js';
import { carries, isEchoReply } from './read-packet.js';

/** What an attack is given: the range, and one of its places. */
export type Ground = Range & Omit<Place, 'name'> & { readonly place: Place['name'] };

/** How long an answer that is promised may take before it is called missing. */
export const patienceMs = 3_000;

/** Sends an echo request by hand and hears the reply; the guests' own kernels answer. False when none came within the limit. */
export const echo = async (
  from: Guest,
  to: Guest,
  { family = 4, waitMs = patienceMs }: { family?: 4 | 6; waitMs?: number } = {},
): Promise<boolean> => {
  const link = openLinkOf(from.netns);
  try {
    const token = newToken();
    link.send(ipFrame(from, echoPacket(endsOf(from, to, family), token)));
    return await link.hears((frame) => isEchoReply(frame, token), waitMs);
  } finally {
    link.close();
  }
};

/** Both families; true when both are answered. */
export const reaches = async (from: Guest, to: Guest): Promise<boolean> =>
  (await Promise.all(([4, 6] as const).map(async (family) => await echo(from, to, { family })))).every(Boolean);

/**
 * Honest packets after whatever was sent: the attacker's to the witness, a friend's to the victim, there and back. They go all ways that
 * anything before them could go, so that what has not arrived by then never will. Throws when they do not get through: then
 * nothing that did not arrive would mean anything.
 */
export const settle = async ({
  mallory,
  witness,
  friend,
  victim,
  place,
}: Pick<Ground, 'mallory' | 'witness' | 'friend' | 'victim' | 'place'>): Promise<void> => {
  if (!(await reaches(mallory, witness))) throw new Error(`${place}: the attacker's honest packets do not reach the witness`);
  if (!(await reaches(friend, victim))) throw new Error(`${place}: a friend's packets do not reach the victim`);
};

/** Sends shots from the attacker; answers what arrived where, in words: `WHAT at WHOM`. Empty: nothing did. */
export const arrivals = async (
  ground: Ground,
  shots: readonly Shot[],
  watchers: readonly Guest[] = [ground.witness, ground.victim],
): Promise<string[]> => {
  const links = watchers.map((watcher) => ({ watcher, link: openLinkOf(watcher.netns) }));
  const attacker: Link = openLinkOf(ground.mallory.netns);
  try {
    for (const { frame } of shots) attacker.send(frame);
    await settle(ground);
    return links.flatMap(({ watcher, link }) =>
      shots.filter(({ token }) => link.heard().some((frame) => carries(frame, token))).map(({ what }) => `${what} at ${watcher.name}`),
    );
  } finally {
    for (const { link } of links) link.close();
    attacker.close();
  }
};

/** Whether a packet that a guest sends with a source of its choice arrives at another guest, which lets everything in. */
export const passes = async (from: Guest, to: Guest, shotAt: Shot, waitMs: number): Promise<boolean> => {
  const [sender, receiver] = [openLinkOf(from.netns), openLinkOf(to.netns)];
  try {
    sender.send(shotAt.frame);
    return await receiver.hears((frame) => carries(frame, shotAt.token), waitMs);
  } finally {
    sender.close();
    receiver.close();
  }
};
