import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { asHostName } from '@manx/hoststate';
import { createFeed, type Feed, type FeedOptions } from './feed.js';
import { createFeedServer } from './feed-server.js';
import { type FeedLink, type FeedSession, type FeedSessionOptions, type HeldState, openFeedSession } from './feed-session.js';
import { Heard } from './heard.js';
import type { ReleasedAddress } from './messages.js';
import type { SampleCloud } from './sample-cloud.js';
import { agentToken } from './token.js';

/** What all servers of these tests make their tokens of. */
export const SECRET = 'a secret of the tests';

const silent = { info: () => undefined, warn: () => undefined };

/** A listener on a port of 127.0.0.1, 0 for any. */
export async function listenOnLoopback(
  listener: RequestListener,
  port = 0,
): Promise<{ readonly server: Server; readonly url: string; readonly port: number }> {
  const server = createServer(listener).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${address.port}`, port: address.port };
}

/** Closes a server with all of its connections. */
export async function stopListening(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

/** One run of a feed server over a cloud. */
export async function startFeedServer(
  cloud: SampleCloud,
  options: Partial<FeedOptions> & { readonly port?: number } = {},
): Promise<{
  readonly feed: Feed;
  readonly server: Server;
  readonly url: string;
  readonly port: number;
  readonly stop: () => Promise<void>;
}> {
  const { port, ...feedOptions } = options;
  const feed = createFeed({ source: cloud.source, onStatus: () => undefined, ...feedOptions });
  const listening = await listenOnLoopback(createFeedServer({ feed, secret: SECRET, logger: silent }), port);
  const stop = async (): Promise<void> => {
    feed.close();
    await stopListening(listening.server);
  };
  return { feed, ...listening, stop };
}

/** What an agent is told, in order. */
export type Told =
  | { readonly kind: 'state' | 'delta' | 'resumed' | 'revision'; readonly held: HeldState }
  | { readonly kind: 'link'; readonly link: FeedLink }
  | { readonly kind: 'released'; readonly addresses: readonly ReleasedAddress[] }
  | { readonly kind: 'report-problem' };

/** A real agent's session whose callbacks are written down. */
export function startAgent(
  url: string,
  options: Partial<FeedSessionOptions> & { readonly name?: string } = {},
): { readonly session: FeedSession; readonly told: Heard<Told> } {
  const told = new Heard<Told>();
  const host = asHostName(options.name ?? 'h1');
  const session = openFeedSession({
    url,
    host,
    token: agentToken(SECRET, host),
    resumeFrom: null,
    backOff: { minMs: 5, maxMs: 50 },
    onState: (held) => told.add({ kind: 'state', held }),
    onDelta: (held) => told.add({ kind: 'delta', held }),
    onResumed: (held) => told.add({ kind: 'resumed', held }),
    onRevision: (held) => told.add({ kind: 'revision', held }),
    onReleased: (addresses) => told.add({ kind: 'released', addresses }),
    onLink: (link) => told.add({ kind: 'link', link }),
    onReportProblem: () => told.add({ kind: 'report-problem' }),
    ...options,
  });
  return { session, told };
}
