import { RecentSamples, type ReportedSample } from '@manx/feed';

/** A packet that a host dropped, and when, in milliseconds since 1970. */
export type HostSample = Omit<ReportedSample, 'number' | 'ageMs'> & { readonly seenAt: number };

/** A host's word, and when it came. */
export type SampleWord = {
  readonly host: string;
  /** The agent's run: its numbers begin anew with it. */
  readonly run: string;
  readonly samples: readonly ReportedSample[];
  readonly now: number;
};

/** Of how many taps and reasons samples are kept, in all: as many as a hundred hosts keep at most. */
const MAX_PLACES = 20_000;

/** Packets that the hosts dropped, a few of each tap and reason, as they tell them: soft state, of this run of the server. One that comes twice is kept once. */
export class SampleBook {
  readonly #recent = new RecentSamples<HostSample>(MAX_PLACES);
  readonly #heard = new Map<string, { readonly run: string; readonly number: number }>();

  take({ host, run, samples, now }: SampleWord): void {
    const heard = this.#heard.get(host);
    const last = heard?.run === run ? heard.number : 0;
    for (const { number, ageMs, ...sample } of samples) {
      if (number > last) this.#recent.add(placeOf({ host, ...sample }), { ...sample, seenAt: now - ageMs });
    }
    this.#heard.set(host, { run, number: Math.max(last, ...samples.map(({ number }) => number)) });
  }

  /** Those of what was dropped at one place for one reason, the latest first. */
  of(drop: Place): readonly HostSample[] {
    return this.#recent.of(placeOf(drop)).toReversed();
  }
}

type Place = Pick<ReportedSample, 'endpoint' | 'at' | 'reason'> & { readonly host: string };

const placeOf = ({ host, endpoint, at, reason }: Place): string => `${host} ${endpoint ?? ''} ${at} ${reason}`;
