import type { Ip } from '@manx/ip';
import { beliefAbout, openLinkOf } from '@manx/lab/attack-kit';
import { endsOf, ipFrame, newToken, udpPacket } from './forge.js';
import { arrivals, type Ground, patienceMs, settle } from './ground.js';
import { carries } from './read-packet.js';

/** Frames that claim an address which is another's. */
export type Theft = { readonly address: Ip; readonly frames: readonly Uint8Array[] };

/** Where friends' packets for the victim end up, from each host, in words, where it is not at the victim alone. */
const astray = async (ground: Ground): Promise<string[]> => {
  const { mallory, victim, places } = ground;
  const friends = places.map(({ friend }) => ({ friend, link: openLinkOf(friend.netns) }));
  const [right, wrong] = [openLinkOf(victim.netns), openLinkOf(mallory.netns)];
  try {
    const sent = friends.flatMap(({ friend, link }) => ([4, 6] as const).map((family) => ({ friend, link, family, token: newToken() })));
    for (const { friend, link, family, token } of sent) link.send(ipFrame(friend, udpPacket(endsOf(friend, victim, family), token)));
    const missed: string[] = [];
    for (const { friend, family, token } of sent)
      if (!(await right.hears((frame) => carries(frame, token), patienceMs)))
        missed.push(`an IPv${family} packet of ${friend.name} missed the victim`);
    await settle(ground);
    const misled = sent.filter(({ token }) => wrong.heard().some((frame) => carries(frame, token)));
    return [...missed, ...misled.map(({ friend, family }) => `an IPv${family} packet of ${friend.name} came to the attacker`)];
  } finally {
    for (const link of [right, wrong, ...friends.map((one) => one.link)]) link.close();
  }
};

/**
 * What each host believes about addresses, a line each. `mayHave`: the attacker may send from them, so that an entry on its own tap is
 * nothing, unless a route leads there.
 */
export const beliefs = async ({ hosts, mallory }: Ground, addresses: readonly Ip[], { mayHave = false } = {}): Promise<string[]> => {
  const isMeant = (part: string) => !mayHave || !(part === 'no entry' || part.startsWith(`${mallory.tap} `));
  return await Promise.all(
    hosts.flatMap((host) =>
      addresses.map(async (address) => {
        const [route = '', ...entries] = (await beliefAbout(host, address)).split(', ');
        // Of two equal ways through the fabric either may be shown.
        return `${host} on ${address}: ${[route.replace(/tor\d/, 'the fabric'), ...entries.filter(isMeant)].join(', ')}`;
      }),
    ),
  );
};

/** Sends what claims addresses, and tells in words what became of that: what hosts believe otherwise than before, and what went astray. */
export const loot = async (
  ground: Ground,
  thefts: readonly Theft[],
  { mayHave = false, before }: { readonly mayHave?: boolean; readonly before?: readonly string[] } = {},
): Promise<string[]> => {
  const addresses = thefts.map(({ address }) => address);
  const honest = before ?? (await beliefs(ground, addresses, { mayHave }));
  const shots = thefts.flatMap(({ frames }) => frames).map((frame) => ({ what: 'a claim', frame, token: frame }));
  const arrived = await arrivals(ground, shots, [ground.witness, ground.victim, ground.friend]);
  const after = await beliefs(ground, addresses, { mayHave });
  return [
    ...arrived,
    ...after.flatMap((one, at) => (one === honest[at] ? [] : [`it has changed: ${honest[at]}; now ${one}`])),
    ...(await astray(ground)),
  ];
};
