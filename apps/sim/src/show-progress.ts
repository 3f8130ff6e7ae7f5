import type { SimProgress } from './open-sim.js';

/** Where a line goes: a terminal's last line is written over. */
export type ProgressSink = { readonly write: (text: string) => unknown; readonly isTTY?: boolean };

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** The line that a person reads: `998 of 1000 hosts connected, 50 of 50 ports up`. */
export const progressLine = ({ hosts, connected, ports, up, failed, problem }: SimProgress): string => {
  const refused = failed === 0 ? '' : `, ${plural(failed, 'port')} refused`;
  const why = connected === hosts || problem === null ? '' : ` (${problem})`;
  return `${connected} of ${plural(hosts, 'host')} connected, ${up} of ${plural(ports, 'port')} up${refused}${why}`;
};

/**
 * Shows how a simulation goes: one line that is written over on a terminal, else a line whenever it has changed. JSON is always a line.
 * To be called as often as one likes; what has not changed is not said again.
 */
export const progressShower = (out: ProgressSink, form: 'text' | 'json'): { show: (progress: SimProgress) => void; end: () => void } => {
  const isOneLine = form === 'text' && out.isTTY === true;
  let last = '';
  return {
    show: (progress) => {
      const line = form === 'json' ? JSON.stringify(progress) : progressLine(progress);
      if (line === last) return;
      last = line;
      // \r: to the line's beginning; ESC [K: what was longer before is erased (ECMA-48 8.3.41).
      out.write(isOneLine ? `\r${line}\x1b[K` : `${line}\n`);
    },
    end: () => {
      if (isOneLine && last !== '') out.write('\n');
    },
  };
};
