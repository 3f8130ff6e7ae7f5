import { openLinkOf } from '@manx/lab/attack-kit';
import { fire } from './fire.js';
import { endsOf, ipFrame, newToken, nobody, udpPacket } from './forge.js';
import type { Ground } from './ground.js';
import { carries } from './read-packet.js';

/** Attack traffic that never stops while something else is done to a host. */
export type Siege = {
  /** What got through so far, in words. */
  readonly breaches: () => readonly string[];
  /** Ends it; throws when nothing was fired at all. */
  readonly lift: () => void;
};

/** From the attacker to everybody: to the victim's closed ports, in a friend's name, and as nobody to who lets everything in. */
export const besiege = ({ mallory, victim, friend, witness }: Pick<Ground, 'mallory' | 'victim' | 'friend' | 'witness'>): Siege => {
  const [closed, forged, alien] = [newToken(), newToken(), newToken()];
  const families = [4, 6] as const;
  const frames = families.flatMap((family) => {
    const own = endsOf(mallory, victim, family);
    const inName = { source: family === 4 ? friend.v4 : friend.v6, destination: own.destination };
    const ofNobody = { source: family === 4 ? nobody.v4 : nobody.v6, destination: family === 4 ? witness.v4 : witness.v6 };
    return [
      ipFrame(mallory, udpPacket(own, closed)),
      ipFrame(mallory, udpPacket(inName, forged)),
      ipFrame(mallory, udpPacket(inName, forged), { from: friend.mac }),
      ipFrame(mallory, udpPacket(ofNobody, alien)),
      ipFrame(mallory, udpPacket(endsOf(mallory, witness, family), alien), { from: nobody.mac }),
    ];
  });
  const [atVictim, atWitness] = [openLinkOf(victim.netns), openLinkOf(witness.netns)];
  const attack = fire(mallory.netns, frames);
  const found = new Set<string>();
  const look = (link: typeof atVictim, tokens: readonly (readonly [Uint8Array, string])[]): void => {
    for (const [token, what] of tokens) if (link.heard().some((frame) => carries(frame, token))) found.add(what);
    link.forget();
  };
  const breaches = (): readonly string[] => {
    look(atVictim, [
      [closed, 'a closed port of the victim was reached'],
      [forged, "the victim was reached in a friend's name"],
    ]);
    look(atWitness, [[alien, 'a forged source reached the witness']]);
    return [...found];
  };
  return {
    breaches,
    lift: () => {
      const sent = attack.stop();
      atVictim.close();
      atWitness.close();
      if (sent === 0) throw new Error('nothing was fired in the siege');
    },
  };
};
