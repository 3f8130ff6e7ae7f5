/** The text of a ruleset (nft(8), `list ruleset`) without the elements of dynamic sets: packets put these in, at any time, and nobody repairs them. */
export const withoutFilled = (ruleset: string): string =>
  ruleset.replaceAll(/(\tflags dynamic.*\n(?:\s*timeout .*\n)?)\s*elements = \{[^}]*\}\n/g, '$1');
