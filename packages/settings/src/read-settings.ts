import { readFile } from 'node:fs/promises';
import type { Static, TSchema } from 'typebox';
import { parseSettings } from './parse-settings.js';
import { SettingsFault } from './settings-fault.js';
import type { TextFormats } from './text-format.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'this user may not read it',
  EISDIR: 'this is a folder, not a file',
};

/** Reads a YAML settings file against its schema, with defaults filled in. Throws SettingsFault naming file, line and column. */
export const readSettings = async <S extends TSchema>(path: string, schema: S, formats: TextFormats = {}): Promise<Static<S>> => {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code ?? '';
    const detail = REASONS[errno] ?? `cannot be read (${errno})`;
    throw new SettingsFault(path, [{ code: 'unreadable', file: path, line: 1, column: 1, subject: '', detail }], cause);
  }
  const parsed = parseSettings({ file: path, text }, schema, formats);
  if (!parsed.ok) throw new SettingsFault(path, parsed.problems);
  return parsed.value;
};
