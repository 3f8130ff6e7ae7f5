import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KeystoneFixture } from './keystone-fixture.js';

/** An event as Nova got it. */
export type HeardEvent = { readonly name: string; readonly server_uuid: string; readonly tag?: string; readonly status?: string };

/**
 * What stands in for Nova where events are sent: `POST /v2.1/os-server-external-events` with Nova's own schema and policy, held against the
 * real Keystone, and nothing else. Nova itself does not run in these tests.
 */
export type NovaStandIn = {
  /** For the catalogue. */
  readonly url: string;
  /** Each post that was taken, in order. */
  readonly posts: readonly (readonly HeardEvent[])[];
  /** What was refused for its form, with why: none is expected. */
  readonly mistakes: readonly string[];
  /** The next posts are answered with these statuses. */
  readonly fail: (...statuses: number[]) => void;
  /** The instance is unknown from now on (404), or without a host (422), or known again (200). */
  readonly knows: (instance: string, code: number) => void;
  /** Resolves with all events when one is there that `is` takes. */
  readonly heard: (is: (event: HeardEvent) => boolean) => Promise<readonly HeardEvent[]>;
  readonly close: () => Promise<void>;
};

const PATH = '/v2.1/os-server-external-events';
const NAMES = ['network-changed', 'network-vif-plugged', 'network-vif-unplugged', 'network-vif-deleted'];
const STATUSES = ['failed', 'completed', 'in-progress'];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Starts one on a free port of loopback; the test closes it. */
export const startNovaStandIn = async (keystone: KeystoneFixture): Promise<NovaStandIn> => {
  const posts: HeardEvent[][] = [];
  const mistakes: string[] = [];
  const failures: number[] = [];
  const codes = new Map<string, number>();
  const waiting = new Set<() => void>();

  const answer = async (request: IncomingMessage): Promise<{ status: number; body: unknown }> => {
    const text = await bodyOf(request);
    const failure = failures.shift();
    if (failure !== undefined) return { status: failure, body: {} };
    if (request.method !== 'POST' || request.url !== PATH) return { status: 404, body: { itemNotFound: {} } };
    const denied = await denial(keystone, request.headers['x-auth-token']);
    if (denied !== null) return { status: denied, body: {} };
    const mistake = request.headers['content-type'] === 'application/json' ? mistakeIn(text) : 'content type';
    if (mistake !== null) {
      mistakes.push(`${mistake}: ${text}`);
      return { status: 400, body: { badRequest: { code: 400, message: mistake } } };
    }
    const { events } = JSON.parse(text) as { events: HeardEvent[] };
    posts.push(events);
    const answered = events.map((event) => {
      const code = codes.get(event.server_uuid) ?? 200;
      return { ...event, code, status: code === 200 ? 'completed' : 'failed' };
    });
    for (const look of waiting) look();
    return { status: answered.every(({ code }) => code === 200) ? 200 : 207, body: { events: answered } };
  };
  const server = createServer((request, response) => {
    answer(request).then(
      ({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      (error: unknown) => {
        mistakes.push(String(error));
        response.writeHead(500).end();
      },
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2.1/`,
    posts,
    mistakes,
    fail: (...statuses) => void failures.push(...statuses),
    knows: (instance, code) => void codes.set(instance, code),
    heard: (is) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!posts.flat().some(is)) return;
          waiting.delete(look);
          resolve(posts.flat());
        };
        waiting.add(look);
        look();
      }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const piece of request.setEncoding('utf8')) text += piece as string;
  return text;
};

/** Nova's policy for events: an administrator or a service. */
const denial = async (keystone: KeystoneFixture, token: string | string[] | undefined): Promise<401 | 403 | null> => {
  if (typeof token !== 'string') return 401;
  const response = await fetch(`${keystone.url}/auth/tokens`, { headers: { 'x-auth-token': token, 'x-subject-token': token } });
  if (!response.ok) return 401;
  const { roles } = ((await response.json()) as { token: { roles: readonly { name: string }[] } }).token;
  return roles.some(({ name }) => name === 'admin' || name === 'service') ? null : 403;
};

/** What Nova's schema of the request says against it, or null. */
const mistakeIn = (text: string): string | null => {
  const body = JSON.parse(text) as Record<string, unknown>;
  const { events } = body;
  if (Object.keys(body).join() !== 'events' || !Array.isArray(events) || events.length === 0) return 'not just events';
  for (const event of events as Record<string, unknown>[]) {
    const extra = Object.keys(event).find((key) => !['name', 'server_uuid', 'status', 'tag'].includes(key));
    if (extra !== undefined) return `additional property ${extra}`;
    if (!NAMES.includes(String(event['name']))) return 'name';
    if (!UUID.test(String(event['server_uuid']))) return 'server_uuid';
    if ('status' in event && !STATUSES.includes(String(event['status']))) return 'status';
    if (typeof event['tag'] !== 'string' || event['tag'].length > 255) return 'tag';
  }
  return null;
};
