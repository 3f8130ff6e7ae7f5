import { parentPort, workerData } from 'node:worker_threads';
import { SqliteLog } from './sqlite-log.js';
import type { WorkerAnswer, WorkerRequest, WorkerSettings } from './sqlite-messages.js';
import { StoreFault } from './store-fault.js';

const settings = workerData as WorkerSettings;

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
const send = (answer: WorkerAnswer): void => parentPort?.postMessage(answer);

function sendFault(op: string, error: unknown): void {
  if (!(error instanceof StoreFault)) throw error;
  const { code, subject, detail, errno } = error;
  const cause = error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : '';
  send({ kind: 'fault', fault: { code, op, subject, detail, ...(errno === null ? {} : { errno }) }, cause });
}

function answer(log: SqliteLog, request: WorkerRequest): void {
  switch (request.op) {
    case 'append':
      return send({ kind: 'appended', results: log.append(request.appends) });
    case 'load':
      return send({ kind: 'loaded', head: log.load((text) => send({ kind: 'page', text })) });
    case 'history': {
      const { text, isLast } = log.history(request.after);
      send({ kind: 'page', text });
      return send({ kind: 'history', isLast });
    }
    case 'close':
      log.close();
      send({ kind: 'closed' });
      return parentPort?.close();
  }
}

function serve(log: SqliteLog): void {
  parentPort?.on('message', (request: WorkerRequest) => {
    try {
      answer(log, request);
    } catch (error) {
      sendFault(request.op, error);
    }
  });
  send({ kind: 'opened', head: log.head });
}

function open(): SqliteLog | null {
  try {
    return new SqliteLog(settings);
  } catch (error) {
    sendFault('open', error);
    return null;
  }
}

const log = open();
if (log !== null) serve(log);
