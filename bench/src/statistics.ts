/** The value below which a share of the samples lies (nearest rank); NaN of none. */
export const percentile = (samples: readonly number[], share: number): number => {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
};

/** The middle of the samples; NaN of none. */
export const median = (samples: readonly number[]): number => percentile(samples, 0.5);
