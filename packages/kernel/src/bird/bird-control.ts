import { createConnection } from 'node:net';
import { Fault } from '../fault.js';

const TIMEOUT_MS = 5_000;

/** An answer of BIRD: the code of its last line (BIRD 2 manual, "Remote control"; 8xxx and 9xxx are errors) and all its texts in order. */
export type BirdReply = { readonly code: number; readonly lines: readonly string[] };

/** Runs one command over BIRD's control socket, `show protocols` for instance. Throws Fault: `busy` when BIRD does not answer within 5 s, `lost` when it is not there or goes away. */
export const askBird = (socketPath: string, command: string): Promise<BirdReply> =>
  new Promise((resolve, reject) => {
    const socket = createConnection(socketPath);
    const fail = (detail: string, cause?: Error): void => {
      socket.destroy();
      reject(new Fault({ code: 'lost', op: command, subject: 'BIRD', detail, retry: true, cause }));
    };
    let text = '';
    let isGreeted = false;
    socket.setTimeout(TIMEOUT_MS, () => {
      socket.destroy();
      reject(new Fault({ code: 'busy', op: command, subject: 'BIRD', detail: 'no answer on its control socket', retry: true }));
    });
    socket.on('error', (cause) => {
      fail(`its control socket is not there: ${cause.message}`, cause);
    });
    socket.on('close', () => {
      fail('closed its control socket');
    });
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const reply = parseBirdReply(text);
      if (reply === null) return;
      if (isGreeted) {
        resolve(reply);
        socket.destroy();
        return;
      }
      isGreeted = true;
      text = '';
      socket.write(`${command}\n`);
    });
  });

/** Reads an answer: null while its last line (a code and a space) has not arrived. */
export const parseBirdReply = (text: string): BirdReply | null => {
  const lines: string[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const match = /^(\d{4})([ -])(.*)$/.exec(line);
    lines.push(match?.[3] ?? line.replace(/^[ +]/, ''));
    if (match?.[2] === ' ') return { code: Number(match[1]), lines: match[3] === '' ? lines.slice(0, -1) : lines };
  }
  return null;
};

/** Whether BIRD did as told. */
export const isBirdError = (reply: BirdReply): boolean => reply.code >= 8000;

/** A BGP session as BIRD tells it: `Established`, or `Active`, `Connect`, and the last error; and whether it has stopped to take routes. */
export type BgpSession = { readonly name: string; readonly state: string };

/** A session whose limit of routes was reached: BIRD takes no others of it, though some have gone since, until it is told to ask the peer again. */
export type FullSession = { readonly name: string; readonly imported: number; readonly limit: number };

/** The BGP sessions in the answer to `show protocols` or `show protocols all`, in BIRD's order. */
export const parseBgpSessions = (reply: BirdReply): readonly BgpSession[] =>
  sessionsOf(reply).map(({ name, state, details }) => {
    const full = fullSession(name, details);
    return { name, state: full === null ? state : `${state}, limit of ${full.limit} routes reached` };
  });

/** Those that are established and full, in the answer to `show protocols all`. */
export const parseFullSessions = (reply: BirdReply): readonly FullSession[] =>
  sessionsOf(reply).flatMap(({ name, state, details }) => (state === 'Established' ? (fullSession(name, details) ?? []) : []));

const sessionsOf = (reply: BirdReply): readonly { readonly name: string; readonly state: string; readonly details: string }[] => {
  const starts = reply.lines.flatMap((line, index) => (/^\S/.test(line) ? [index] : []));
  return starts.flatMap((start, index) => {
    const [name, protocol, , , , ...info] = (reply.lines[start] ?? '').trim().split(/\s+/);
    if (name === undefined || protocol !== 'BGP') return [];
    // Since comes as one word (a time) or two (a date and a time), by BIRD's `timeformat`.
    const state = info.filter((word) => !/^[\d:.-]+$/.test(word)).join(' ') || 'Down';
    return [{ name, state, details: reply.lines.slice(start + 1, starts[index + 1]).join('\n') }];
  });
};

const fullSession = (name: string, details: string): FullSession | null => {
  const limit = /Import limit: +(\d+) \[HIT\]/.exec(details)?.[1];
  const imported = /Routes: +(\d+) imported/.exec(details)?.[1];
  return limit === undefined || imported === undefined ? null : { name, imported: Number(imported), limit: Number(limit) };
};
