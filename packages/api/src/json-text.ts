const MARK = '\u0000n';
const MARKED = /"\\u0000n(-?\d+)"/g;

/** A document as JSON text. A bigint is written as the number it is, whatever its size: JSON has no largest number, though JavaScript has. */
export const jsonText = (document: object): string => {
  let hasLarge = false;
  const text = JSON.stringify(document, (_, value: unknown) => {
    if (typeof value !== 'bigint') return value;
    hasLarge = true;
    return `${MARK}${value}`;
  });
  return hasLarge ? text.replaceAll(MARKED, '$1') : text;
};
