import type { Ip } from '@manx/ip';
import { beliefAbout, openLinkOf } from '@manx/lab/attack-kit';
import { endsOf, ipFrame, newToken, udpPacket } from './forge.js';
import { arrivals, type Ground, settle } from './ground.js';
import { carries } from './read-packet.js';

/** Frames that claim an address which is another's. */
export type Theft = { readonly address: Ip; readonly frames: readonly Uint8Array[] };

/** Where a friend's packets for the victim end up, in words, where it is not at the victim alone. */
const astray = async (ground: Ground): Promise<string[]> => {
  const { mallory, victim, friend } = ground;
  const [right, wrong, sender] = [victim, mallory, friend].map(({ netns }) => openLinkOf(netns));
  try {
    const sent = ([4, 6] as const).map((family) => ({ family, token: newToken() }));
    for (const { family, token } of sent) sender?.send(ipFrame(friend, udpPacket(endsOf(friend, victim, family), token)));
    await settle(ground);
    return sent.flatMap(({ family, token }) => [
      ...(right?.heard().some((frame) => carries(frame, token)) === true ? [] : [`a friend's IPv${family} packet missed the victim`]),
      ...(wrong?.heard().some((frame) => carries(frame, token)) === true ? [`a friend's IPv${family} packet came to the attacker`] : []),
    ]);
  } finally {
    for (const link of [right, wrong, sender]) link?.close();
  }
};

/**
 * Sends what claims an address, and tells in words what became of that: what hosts believe otherwise than before, and what went astray.
 * An entry on the attacker's own tap is part of it, unless it may send from that address: then it counts only where a route leads there.
 */
export const loot = async (ground: Ground, thefts: readonly Theft[], { mayHave = false } = {}): Promise<string[]> => {
  const isMeant = (part: string) => !mayHave || !(part === 'no entry' || part.startsWith(`${ground.mallory.tap} `));
  const believed = async () =>
    await Promise.all(
      ground.hosts.flatMap((host) =>
        thefts.map(async ({ address }) => {
          const [route = '', ...entries] = (await beliefAbout(host, address)).split(', ');
          return `${host} on ${address}: ${[route, ...entries.filter(isMeant)].join(', ')}`;
        }),
      ),
    );
  const before = await believed();
  const shots = thefts.flatMap(({ frames }) => frames).map((frame) => ({ what: 'a claim', frame, token: frame }));
  const arrived = await arrivals(ground, shots, [ground.witness, ground.victim, ground.friend]);
  const after = await believed();
  return [...arrived, ...after.filter((one, at) => one !== before[at]).map((one) => `it has changed: ${one}`), ...(await astray(ground))];
};
