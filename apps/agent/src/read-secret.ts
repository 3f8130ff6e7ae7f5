import { readFile } from 'node:fs/promises';
import { Fault } from '@manx/kernel';

/** A secret that a file holds, without the white space around it. Throws Fault `missing` when it cannot be read or is empty; `hint` says where to get one. */
export const readSecret = async (path: string, { op, hint }: { readonly op: string; readonly hint: string }): Promise<string> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const detail = `cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown'}); ${hint}`;
    throw new Fault({ code: 'missing', op, subject: path, detail, cause });
  }
  const secret = text.trim();
  if (secret === '') throw new Fault({ code: 'missing', op, subject: path, detail: `is empty; ${hint}` });
  return secret;
};
