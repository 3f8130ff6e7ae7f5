/** A host's word of numbered packets, and when it came. */
export type NumberedWord<T> = {
  readonly host: string;
  /** The agent's run: its numbers begin anew with it. */
  readonly run: string;
  readonly packets: readonly T[];
  readonly now: number;
};

/** Up to which number each host has told of its packets, so that one that comes twice is taken once. */
export class HeardNumbers {
  readonly #heard = new Map<string, { readonly run: string; readonly number: number }>();

  /** Those that are new, without their numbers, and with when they were seen in place of how long ago that was. */
  fresh<T extends { readonly number: number; readonly ageMs: number }>({
    host,
    run,
    packets,
    now,
  }: NumberedWord<T>): readonly (Omit<T, 'number' | 'ageMs'> & { readonly seenAt: number })[] {
    const heard = this.#heard.get(host);
    const last = heard?.run === run ? heard.number : 0;
    this.#heard.set(host, { run, number: Math.max(last, ...packets.map(({ number }) => number)) });
    return packets.flatMap(({ number, ageMs, ...packet }) => (number > last ? [{ ...packet, seenAt: now - ageMs }] : []));
  }
}
