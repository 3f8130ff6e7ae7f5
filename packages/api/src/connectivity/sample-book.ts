import { RecentSamples, type ReportedSample } from '@manx/feed';
import { HeardNumbers, type NumberedWord } from './heard-numbers.js';

/** A packet that a host dropped, and when, in milliseconds since 1970. */
export type HostSample = Omit<ReportedSample, 'number' | 'ageMs'> & { readonly seenAt: number };

/** Of how many taps and reasons samples are kept, in all: as many as a hundred hosts keep at most. */
const MAX_PLACES = 20_000;

/** Packets that the hosts dropped, a few of each tap and reason, as they tell them: soft state, of this run of the server. One that comes twice is kept once. */
export class SampleBook {
  readonly #recent = new RecentSamples<HostSample>(MAX_PLACES);
  readonly #heard = new HeardNumbers();

  take(word: NumberedWord<ReportedSample>): void {
    const { host } = word;
    for (const sample of this.#heard.fresh(word)) this.#recent.add(placeOf({ host, ...sample }), sample);
  }

  /** Those of what was dropped at one place for one reason, the latest first. */
  of(drop: Place): readonly HostSample[] {
    return this.#recent.of(placeOf(drop)).toReversed();
  }
}

type Place = Pick<ReportedSample, 'endpoint' | 'at' | 'reason'> & { readonly host: string };

const placeOf = ({ host, endpoint, at, reason }: Place): string => `${host} ${endpoint ?? ''} ${at} ${reason}`;
