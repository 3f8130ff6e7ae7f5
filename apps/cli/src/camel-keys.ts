/** The same JSON value with keys as this code writes them: `from_port` becomes `fromPort`. */
export const camelKeys = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(camelKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()), camelKeys(one)]),
  );
};
