/** How long a change may take until it is in force (S16). */
const limitMs = 1_000;

/** Looks again until it is so or a second (or so many milliseconds) has passed; how many milliseconds that took, or null. */
export const within = async (isSo: () => Promise<boolean>, limit = limitMs): Promise<number | null> => {
  const start = performance.now();
  while (performance.now() - start < limit) {
    if (await isSo()) return Math.round(performance.now() - start);
    // Not so quick a look that it would do nothing but look.
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return null;
};
