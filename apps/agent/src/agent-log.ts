import pino, { type DestinationStream, type Logger } from 'pino';

/** Where an agent says what it does; pino's loggers fit. Facts never hold secrets. */
export type AgentLog = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

const LABELS: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info ', 40: 'warn ', 50: 'error' };

/** JSON lines on stderr, or one readable line each where a person looks on. */
export const openLog = (level: string): AgentLog => {
  const options = { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime };
  return process.stderr.isTTY ? pino(options, readable) : pino(options, pino.destination({ dest: 2, sync: true }));
};

const readable: DestinationStream = {
  write: (line) => {
    const { level, time, msg, pid: _pid, ...facts } = JSON.parse(line) as Record<string, unknown>;
    const said = Object.entries(facts).map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
    process.stderr.write(`${String(time).slice(11, 23)} ${LABELS[Number(level)] ?? 'other'} ${String(msg)} ${said.join(' ')}\n`);
  },
};
