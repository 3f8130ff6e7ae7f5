/** The query of a URL as pairs in request order, decoded as forms are (`+` is a space); broken escapes stay as they are. */
export const queryParameters = (url: string): readonly (readonly [string, string])[] => {
  const at = url.indexOf('?');
  return at === -1 ? [] : [...new URLSearchParams(url.slice(at + 1))];
};
