import { randomUUID } from 'node:crypto';
import type { Context } from '@manx/admission';
import { defaultPolicy, type Policy } from '@manx/policy';
import { openMemoryStore, type Store } from '@manx/store';
import type { FastifyInstance } from 'fastify';
import { type ApiOptions, createApi } from './api-server.js';
import { wireHosts } from './host-wiring.js';
import { Ledger } from './ledger.js';
import { createNoAuthenticator } from './no-authenticator.js';
import { createAnswerChecker } from './openapi/answer-checker.js';
import { openApiDocument } from './openapi/openapi-document.js';
import type { ListedRoute } from './openapi/route-list.js';

/** What a request of a test sends; `body` goes as JSON unless it is text or bytes already. */
type TestRequest = { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> };

/** What came back, its JSON read. */
type TestAnswer = {
  readonly status: number;
  // biome-ignore lint: tests look into answers as clients do, without knowing their type.
  readonly json: Readonly<Record<string, never>> & {
    readonly NeutronError?: { readonly type: string; readonly message: string; readonly detail: string };
  };
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
};

/** An API over a store in memory, as tests drive it. */
export type TestApi = {
  readonly app: FastifyInstance;
  readonly ledger: Ledger;
  /** `call('POST /v2.0/networks', {body: ...})`. */
  readonly call: (line: string, request?: TestRequest) => Promise<TestAnswer>;
  readonly bugs: unknown[];
  readonly close: () => Promise<void>;
};

/** How often was drawn; each API that is opened begins anew. */
let draws = 0;

/** What admission gets in tests: every host whose name begins with `h` is alive, and what is drawn is drawn alike in every run. */
export const testContext = (): Context => ({
  now: `${new Date().toISOString().slice(0, 19)}Z`,
  newId: randomUUID,
  // Multiples of the golden ratio, without their whole parts, lie evenly in [0, 1).
  random: () => (++draws * 0.618_033_988_749_895) % 1,
  isHostAlive: (host) => host.startsWith('h'),
  settings: { overlapping_subnets: 'refuse', mtu: 1500, base_mac: 'fa:16:3e:00:00:00' },
  policy: defaultPolicy,
});

/** What a test wants otherwise; `checksAnswers`: every answer must be as `/openapi.json` says, or `call` throws. */
export type TestApiOptions = Partial<ApiOptions> & { readonly store?: Store; readonly checksAnswers?: boolean };

/** Makes an API for a test; the test closes it. */
export const openTestApi = async (options: TestApiOptions = {}): Promise<TestApi> => {
  draws = 0;
  const bugs: unknown[] = [];
  const ledger = options.ledger ?? (await Ledger.open({ store: options.store ?? openMemoryStore(), now: () => new Date() }));
  const wiring = wireHosts({ ledger, context: testContext });
  const app = createApi({
    context: testContext,
    facts: () => ({ now: testContext().now, hosts: [] }),
    policy: defaultPolicy,
    connectivity: wiring.connectivity,
    hostState: wiring.hostState,
    drops: wiring.drops,
    samples: wiring.samples,
    feed: wiring.feed,
    events: wiring.events,
    authenticator: createNoAuthenticator(),
    onBug: (error) => bugs.push(error),
    ...options,
    ledger,
  });
  const check = options.checksAnswers === true ? answerCheck(app.listedRoutes, options.policy ?? defaultPolicy) : null;
  const call = async (line: string, { body, headers = {} }: TestRequest = {}): Promise<TestAnswer> => {
    const [method = 'GET', url = '/'] = line.split(' ');
    const isRaw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
    const response = await app.inject({
      method: method as 'GET',
      url,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { payload: isRaw ? body : JSON.stringify(body) }),
    });
    check?.({ method, url, status: response.statusCode, text: response.body });
    const json = response.body === '' ? {} : (JSON.parse(response.body) as TestAnswer['json']);
    return { status: response.statusCode, json, text: response.body, headers: response.headers };
  };
  const close = async (): Promise<void> => {
    await app.close();
    wiring.close();
    await ledger.close();
  };
  return { app, ledger, call, bugs, close };
};

/** Throws when an answer is not as the description of the API says. */
const answerCheck = (
  routes: readonly ListedRoute[],
  policy: Policy,
): ((answer: { method: string; url: string; status: number; text: string }) => void) => {
  const troubleOf = createAnswerChecker(openApiDocument({ routes, policy }));
  return ({ method, url, status, text }) => {
    const [path = '', query = ''] = url.split('?');
    const trouble = troubleOf({ method, path, query, status, text });
    if (trouble !== null) throw new Error(trouble);
  };
};
