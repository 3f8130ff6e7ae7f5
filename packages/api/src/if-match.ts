import { badRequest, type Problem } from '@manx/model';

/** Reads `If-Match: revision_number=N` (extension `revision-if-match`): N, null without the header, a problem for anything else. */
export const parseIfMatch = (header: string | undefined): number | null | Problem => {
  if (header === undefined) return null;
  const [, digits] = /^\s*"?revision_number=(\d{1,15})"?\s*$/.exec(header) ?? [];
  return digits === undefined
    ? badRequest(`Invalid value '${header.slice(0, 100)}' for If-Match: expected revision_number=<number>`)
    : Number(digits);
};
