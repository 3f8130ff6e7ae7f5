import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { Fault } from '@manx/kernel';
import { type AgentState, agentMetrics, isHealthy } from './agent-state.js';

/** Where an agent answers on its host: a Unix socket that root alone may open, out of any guest's reach. */
export const agentSocket = (runDir: string): string => join(runDir, 'agent.sock');

/** Where metrics are answered besides: an address that no guest reaches. */
export type MetricsAddress = { readonly address: string; readonly port: number };

/**
 * Lets people and programs look into a running agent: `GET /healthz`, `/metrics` and `/debug/state` on a Unix socket, and the first two
 * on an address where one is set. Throws Fault `busy` when that address is taken.
 */
export const openAgentWindow = async (
  { runDir, metrics }: { readonly runDir: string; readonly metrics: MetricsAddress | undefined },
  state: () => AgentState,
): Promise<{ readonly close: () => void }> => {
  const path = agentSocket(runDir);
  mkdirSync(dirname(path), { recursive: true });
  // An agent that was killed leaves it; that none runs now the lock has said.
  rmSync(path, { force: true });
  const servers = [createServer(answers(state, ['/healthz', '/metrics', '/debug/state']))];
  await listen(servers[0], { path });
  chmodSync(path, 0o600);
  if (metrics !== undefined) {
    const open = createServer(answers(state, ['/healthz', '/metrics']));
    servers.push(open);
    await listen(open, { host: metrics.address, port: metrics.port });
  }
  return {
    close: () => {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
};

const answers =
  (state: () => AgentState, paths: readonly string[]) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url?.split('?', 1)[0] ?? '';
    if (!paths.includes(path))
      return void response.writeHead(404, { 'content-type': 'text/plain' }).end(`only ${paths.join(', ')} are here\n`);
    if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405, { allow: 'GET, HEAD' }).end();
    const now = state();
    if (path === '/metrics') return void response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(agentMetrics(now));
    const isWell = path === '/debug/state' || isHealthy(now);
    const body = path === '/debug/state' ? now : { status: isWell ? 'ok' : 'a turn does not end', work: now.work };
    response.writeHead(isWell ? 200 : 503, { 'content-type': 'application/json' }).end(`${JSON.stringify(body, null, 2)}\n`);
  };

const listen = (
  server: Server | undefined,
  where: { readonly path: string } | { readonly host: string; readonly port: number },
): Promise<void> =>
  new Promise((resolve, reject) => {
    server?.once('error', (cause: NodeJS.ErrnoException) => {
      const subject = 'path' in where ? where.path : `${where.host} port ${where.port}`;
      reject(new Fault({ code: 'busy', op: 'listen on', subject, detail: cause.message, cause }));
    });
    server?.listen(where, resolve);
  });
