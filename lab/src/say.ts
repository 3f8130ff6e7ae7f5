import Table from 'cli-table3';
import pc from 'picocolors';

/** How a command's answer is wanted: for a person, or as one JSON value on standard output. */
export type Output = 'text' | 'json';

/** Prints to standard output, with a line's end. */
export const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** Prints a value as indented JSON. */
export const sayJson = (value: unknown): void => say(JSON.stringify(value, null, 2));

const plain = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
};
const bare = { ...plain, left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' };

/** A table without borders, as `ip` and `kubectl` print theirs. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const made = new Table({
    head: head.map((title) => pc.bold(title)),
    chars: bare,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  made.push(...rows.map((row) => [...row]));
  return made.toString();
};
