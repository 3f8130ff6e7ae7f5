import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { Context } from '@manx/admission';
import {
  type CloudStatus,
  cloudStatus,
  createApi,
  createMetrics,
  type HostWiring,
  Ledger,
  type Metrics,
  meterAuthenticator,
  meterFeed,
  meterStore,
  type NovaNotifier,
  type RequestRecord,
  serverGauges,
  wireHosts,
} from '@manx/api';
import { createFeedServer } from '@manx/feed';
import { bgpSessionName } from '@manx/hoststate';
import { SettingsFault } from '@manx/settings';
import { openMemoryStore, openSqliteStore, type Store, StoreFault } from '@manx/store';
import type { Logger } from 'pino';
import { readAgentSecret } from './agent-secret.js';
import { isLoopback, listenOn, urlOf } from './listen-on.js';
import { openAuth } from './open-auth.js';
import { openMetrics } from './open-metrics.js';
import { openNova } from './open-nova.js';
import { readPolicy } from './read-policy.js';
import { createServerLog } from './server-log.js';
import { readServerSettings, type ServerSettings } from './server-settings.js';
import { StartFault } from './start-fault.js';

/** A server that runs. */
export type RunningServer = {
  readonly apiUrl: string;
  readonly feedUrl: string;
  /** One line for a person: where it listens, where its store is, at which revision. */
  readonly summary: string;
  /** Finishes what is under way, closes everything. Closing twice is fine. */
  readonly close: () => Promise<void>;
};

/** Neutron's own prefix for the MACs that it makes. */
const BASE_MAC = 'fa:16:3e:00:00:00';

/** How long an ending server waits for requests under way. */
const CLOSE_LIMIT_MS = 10_000;

/** Starts a server from its settings. Throws StartFault or StoreFault, with nothing left open. */
export const startServer = async (settings: ServerSettings, log: Logger): Promise<RunningServer> => {
  const opened: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of opened.splice(0).toReversed()) await close();
  };
  try {
    refuseOpenToAll(settings);
    const policy = await readPolicy(settings.policy?.file, (warning) => log.warn(warning));
    const secret = await readAgentSecret(settings.agents.secret_file);
    const auth = await openAuth(settings, log);
    opened.push(async () => auth.keystone?.close());
    const store = await openStore(settings.store);
    opened.push(() => store.close());
    // Closed after the ledger, which tells of its last commits when it closes.
    let nova: NovaNotifier | null = null;
    opened.push(async () => nova?.close());
    const metrics = createMetrics();
    const ledger = await Ledger.open({
      store: meterStore(store, metrics),
      now: () => new Date(),
      onStoreFault: (fault) => logStore(log, fault),
      dnsDomain: settings.dns_domain,
    });
    opened.push(() => ledger.close());
    let hosts: HostWiring | null = null;
    const context = admissionContext({ settings, policy, isHostAlive: (host) => hosts?.isHostAlive(host) ?? false });
    const wiring = wireHosts({ ledger, context });
    hosts = wiring;
    opened.push(async () => wiring.close());
    for (const problem of wiring.problems()) log.warn({ problem }, 'a resource cannot be compiled; its endpoints are closed');
    nova = openNova({ settings, keystone: auth.keystone, ledger, log });
    metrics.read(serverGauges(ledger, wiring, nova));
    const notReady = (): readonly string[] => [
      ...(ledger.isReady ? [] : ['the store does not answer']),
      ...listed(auth.keystone?.trouble()),
    ];
    const api = createApi({
      ledger,
      context,
      policy,
      facts: () => ({ now: context().now, hosts: wiring.hosts() }),
      connectivity: wiring.connectivity,
      hostState: wiring.hostState,
      drops: wiring.drops,
      samples: wiring.samples,
      feed: wiring.feed,
      events: wiring.events,
      authenticator: auth.keystone === null ? auth.authenticator : meterAuthenticator(auth.authenticator, metrics),
      onAnswer: tellRequest(log, metrics),
      onBug: (err, requestId) => log.error({ err, request_id: requestId }, 'a request ended in an error that is not its own'),
      notReady,
      status: () => glance({ ledger, wiring, notReady: notReady() }),
      ...(settings.listen.metrics === undefined ? { metrics } : {}),
    });
    await api.ready();
    opened.push(() => closeApi(api));
    // As long as a host counts as alive: an agent that reports a little late need not connect anew, as a thousand do when the machine is busy.
    const feedServer = createServer(
      { keepAliveTimeout: wiring.feed.leaseMs },
      createFeedServer({ feed: meterFeed(wiring.feed, metrics), secret, logger: log }),
    );
    opened.push(async () => {
      feedServer.closeAllConnections();
      if (feedServer.listening) await new Promise<void>((resolve) => feedServer.close(() => resolve()));
    });
    const feedUrl = urlOf(await listenOn(feedServer, 'feed', settings.listen.feed));
    const listening = await listenOn(api.server, 'api', settings.listen.api);
    if (settings.auth.kind === 'none' && !isLoopback(listening)) throw openToAll('listen.api.fd', urlOf(listening));
    const apiUrl = urlOf(listening);
    const own = settings.listen.metrics === undefined ? null : await openMetrics(metrics, settings.listen.metrics);
    opened.push(async () => own?.close());
    const where = settings.store.kind === 'sqlite' ? settings.store.path : 'memory (nothing outlives this process)';
    const summary = `manx server: API ${apiUrl} (auth: ${auth.summary}), agents ${feedUrl}, store ${where}, revision ${ledger.revision}`;
    if (own !== null) log.info({ url: own.url }, 'metrics');
    return { apiUrl, feedUrl, summary, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
};

/** How the cloud is, now. Linear in its ports: for people who ask. */
const glance = ({
  ledger,
  wiring,
  notReady,
}: {
  readonly ledger: Ledger;
  readonly wiring: HostWiring;
  readonly notReady: readonly string[];
}): CloudStatus => {
  const portsOf = new Map<string, number>();
  for (const port of ledger.state.all('port')) {
    const host = port['binding:host_id'];
    if (host) portsOf.set(host, (portsOf.get(host) ?? 0) + 1);
  }
  const peerNames = new Map([...ledger.state.all('bgp_peer')].map(({ id, name }) => [bgpSessionName(id), name || id]));
  return cloudStatus({
    revision: ledger.revision,
    notReady,
    compileProblems: wiring.problems(),
    hosts: wiring.hosts(),
    portsOf,
    peerNames,
  });
};

/** Counts a request, and says it in one line, without bodies, queries and tokens. */
const tellRequest =
  (log: Logger, metrics: Metrics) =>
  ({ requestId, userId, projectId, globalRequestId, route, ...rest }: RequestRecord): void => {
    metrics.onRequest({ ...rest, route });
    log.info(
      {
        request_id: requestId,
        ...(globalRequestId === null ? {} : { global_request_id: globalRequestId }),
        ...rest,
        user: userId,
        project: projectId,
      },
      'request',
    );
  };

/** Finishes the requests under way; a client that stays in the middle of one is cut off in the end. */
const closeApi = async (api: ReturnType<typeof createApi>): Promise<void> => {
  const timer = setTimeout(() => api.server.closeAllConnections(), CLOSE_LIMIT_MS);
  await api.close();
  clearTimeout(timer);
};

const openStore = (store: ServerSettings['store']): Promise<Store> =>
  store.kind === 'sqlite' ? openSqliteStore({ path: store.path }) : Promise.resolve(openMemoryStore());

const openToAll = (subject: string, where: string): StartFault =>
  new StartFault(
    'open-to-all',
    subject,
    `auth: {kind: none} gives everybody who reaches the API every right, so it is only possible on a loopback address; ${where} is not one. Set listen.api.address to 127.0.0.1 or ::1.`,
  );

const refuseOpenToAll = ({ auth, listen: { api } }: ServerSettings): void => {
  if (auth.kind === 'none' && 'address' in api && !isLoopback({ address: api.address, family: '', port: api.port }))
    throw openToAll('listen.api.address', api.address);
};

const listed = (trouble: string | null | undefined): readonly string[] => (trouble === null || trouble === undefined ? [] : [trouble]);

const logStore = (log: Logger, fault: unknown): void => {
  if (fault === null) log.info('the store answers again');
  else log.error({ err: fault }, 'the store fails; requests are refused until it answers again');
};

const admissionContext = ({
  settings,
  policy,
  isHostAlive,
}: { settings: ServerSettings } & Pick<Context, 'policy' | 'isHostAlive'>): (() => Context) => {
  const fixed = {
    overlapping_subnets: settings.address_space.overlapping_subnets,
    mtu: settings.mtu,
    base_mac: BASE_MAC,
    ...(settings.quotas === undefined ? {} : { quotas: settings.quotas }),
    ...(settings.max_allowed_address_pair === undefined ? {} : { max_allowed_address_pair: settings.max_allowed_address_pair }),
  };
  return () => ({
    now: `${new Date().toISOString().slice(0, 19)}Z`,
    newId: randomUUID,
    random: Math.random,
    isHostAlive,
    settings: fixed,
    policy,
  });
};

/** What `manx server` is told on its command line. */
export type RunServerOptions = {
  /** The path of `server.yaml`. */
  readonly config: string;
  readonly stdout?: { readonly write: (text: string) => unknown };
  readonly stderr?: { readonly write: (text: string) => unknown };
  /** Ends the server as SIGTERM does; for callers that are not a process of their own. */
  readonly signal?: AbortSignal;
};

/**
 * `manx server`: runs until SIGTERM, SIGINT or the signal of the options; resolves with the exit code: 0 after an orderly end, 1 when it
 * could not start (with a paragraph on standard error that says why), 2 when the settings are wrong (a line for each mistake).
 */
export const runServer = async (options: RunServerOptions): Promise<number> => {
  const { stdout = process.stdout, stderr = process.stderr } = options;
  let server: RunningServer;
  let log: Logger;
  try {
    const settings = await readServerSettings(options.config);
    log = createServerLog(settings.log.level);
    server = await startServer(settings, log);
  } catch (error) {
    if (!(error instanceof SettingsFault || error instanceof StartFault || error instanceof StoreFault)) throw error;
    stderr.write(error instanceof SettingsFault ? `${error.message}\n` : `manx server: ${error.message}\n`);
    return error instanceof SettingsFault ? 2 : 1;
  }
  stdout.write(`${server.summary}\n`);
  const reason = await endSignal(options.signal);
  log.info({ reason }, 'stopping');
  await server.close();
  log.info('stopped');
  return 0;
};

/** Resolves with what asks the process to end. A second signal ends it at once, as the system's default does. */
const endSignal = (signal: AbortSignal | undefined): Promise<string> =>
  new Promise((resolve) => {
    const end = (reason: string): void => {
      process.off('SIGTERM', end);
      process.off('SIGINT', end);
      resolve(reason);
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
    if (signal?.aborted === true) end('abort');
    signal?.addEventListener('abort', () => end('abort'), { once: true });
  });
