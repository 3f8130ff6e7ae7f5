import { type Logger, pino } from 'pino';
import type { ServerSettings } from './server-settings.js';

/** The server's log: one JSON object a line on standard error. No token, secret or body ever goes into it. */
export const createServerLog = (level: ServerSettings['log']['level']): Logger =>
  pino({ level, base: { program: 'manx-server' }, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }));
