import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Compiler } from '@manx/compile';
import { agentToken, createFeedServer, type FeedSession, type HeldState, openFeedSession } from '@manx/feed';
import { quietAgent } from '@manx/feed/testing/reports';
import { asHostName, encodeHostState, type HostName } from '@manx/hoststate';
import { type Port, put } from '@manx/model';
import { openMemoryStore } from '@manx/store';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openTestApi, testContext } from './api-fixture.js';
import { type HostWiring, wireHosts } from './host-wiring.js';
import { Ledger } from './ledger.js';

const SECRET = 'a secret of the tests';
const HOSTS = ['h1', 'h2'].map(asHostName);
const PORTS = 6;
const origin = { requestId: 'r', userId: null, projectId: null };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An agent that says of each endpoint that is new to it, or has changed, that it is up. It can be restarted with what it held; `malformed` is all that it could make no sense of. */
class SampleAgent {
  readonly #host: HostName;
  readonly #url: string;
  readonly malformed: string[];
  #session: FeedSession;
  held: HeldState | null = null;

  constructor(host: HostName, url: string, malformed: string[]) {
    this.#host = host;
    this.#url = url;
    this.malformed = malformed;
    this.#session = this.#open();
  }

  async restart(): Promise<void> {
    await this.close();
    this.#session = this.#open();
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  #open(): FeedSession {
    let told: HeldState['state']['endpoints'] = new Map();
    const take = (held: HeldState): void => {
      this.held = held;
      const news = [...held.state.endpoints].filter(([id, endpoint]) => told.get(id) !== endpoint);
      const endpoints = news.map(([id]) => ({ id, state: 'up' as const, revision: held.revision, problem: null }));
      told = held.state.endpoints;
      this.#session.report({ revision: held.revision, endpoints, gone: [], agent: quietAgent });
    };
    return openFeedSession({
      url: this.#url,
      host: this.#host,
      token: agentToken(SECRET, this.#host),
      resumeFrom: this.held,
      backOff: { minMs: 1, maxMs: 4 },
      onState: take,
      onDelta: take,
      onResumed: take,
      onRevision: (held) => {
        this.held = held;
      },
      onLink: (link) => {
        if (link.kind === 'down' && link.problem.code === 'feed-malformed') this.malformed.push(link.problem.detail);
      },
    });
  }
}

/** Two servers over one store; hosts are wired to the first. */
class SampleWorld {
  readonly ledgers: readonly [Ledger, Ledger];
  readonly wiring: HostWiring;
  readonly server: Server;
  readonly agents: readonly SampleAgent[];
  readonly ports: readonly string[];
  readonly malformed: string[] = [];

  private constructor(
    ledgers: readonly [Ledger, Ledger],
    { wiring, server }: { wiring: HostWiring; server: Server },
    ports: readonly string[],
  ) {
    this.ledgers = ledgers;
    this.wiring = wiring;
    this.server = server;
    this.ports = ports;
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.agents = HOSTS.map((host) => new SampleAgent(host, url, this.malformed));
  }

  static async open(): Promise<SampleWorld> {
    const store = openMemoryStore();
    const now = (): Date => new Date();
    const ledgers = [await Ledger.open({ store, now }), await Ledger.open({ store, now })] as const;
    const api = await openTestApi({ ledger: ledgers[0] });
    const { json } = await api.call('POST /v2.0/networks', { body: { network: { name: 'n' } } });
    const { id } = json['network'] as unknown as { id: string };
    await api.call('POST /v2.0/subnets', { body: { subnet: { network_id: id, ip_version: 4, cidr: '10.1.0.0/16' } } });
    const body = { ports: Array.from({ length: PORTS }, () => ({ network_id: id, 'binding:host_id': 'h1' })) };
    const made = (await api.call('POST /v2.0/ports', { body })).json['ports'] as unknown as Port[];
    // A ring of few changes, so that sessions fall behind it.
    const wiring = wireHosts({ ledger: ledgers[0], context: testContext, feed: { heartbeatMs: 3, ring: { entries: 3, bytes: 8_192 } } });
    const logger = { info: () => undefined, warn: () => undefined };
    const server = createServer(createFeedServer({ feed: wiring.feed, secret: SECRET, logger })).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SampleWorld(
      ledgers,
      { wiring, server },
      made.map((port) => port.id),
    );
  }

  /** Binds a port as admission does: DOWN where it comes to another host, and nothing at all where it is already. */
  bind(by: 0 | 1, port: number, host: string): Promise<void> {
    const id = this.ports[port] ?? '';
    return this.ledgers[by].decide(origin, (state) => {
      const before = state.get('port', id);
      const after = before && {
        ...before,
        'binding:host_id': host,
        'binding:vif_type': host === '' ? ('unbound' as const) : ('tap' as const),
      };
      const isElsewhere = after !== undefined && before?.['binding:host_id'] !== host;
      return { changes: isElsewhere ? [put('port', { ...after, status: 'DOWN' })] : [], value: () => undefined };
    });
  }

  /** Waits until every agent holds the head and every bound port is ACTIVE; an Error after 5 s. */
  async settle(): Promise<void> {
    for (const deadline = Date.now() + 5_000; ; ) {
      const [ledger] = this.ledgers;
      const ports = [...ledger.state.all('port')];
      const isActive = ports.every((port) => port['binding:host_id'] === '' || port.status === 'ACTIVE');
      const isHeld = this.agents.every(({ held }) => held !== null && held.revision === ledger.revision);
      if (isActive && isHeld) return;
      if (Date.now() > deadline) throw new Error(`not settled: ${JSON.stringify({ isActive, isHeld, malformed: this.malformed })}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.close()));
    this.wiring.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    for (const ledger of this.ledgers) await ledger.close();
  }
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      act: fc.constant('bind' as const),
      by: fc.constantFrom(0 as const, 1 as const),
      port: fc.nat(PORTS - 1),
      host: fc.constantFrom('h1', 'h2', ''),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('restart' as const), agent: fc.nat(HOSTS.length - 1) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('cut' as const, 'turn' as const, 'pause' as const) }) },
);

describe('hosts at the end of real sessions', () => {
  it('take every change once and in order, hold what the state compiles to, and have every port ACTIVE, whatever is cut or restarted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const world = await SampleWorld.open();
        const writes: Promise<unknown>[] = [];
        for (const one of steps) {
          if (one.act === 'bind') writes.push(world.bind(one.by, one.port, one.host));
          else if (one.act === 'restart') await world.agents[one.agent]?.restart();
          else if (one.act === 'cut') world.server.closeAllConnections();
          else if (one.act === 'turn') await turn();
          else await new Promise((resolve) => setTimeout(resolve, 4));
        }
        await Promise.all(writes);
        await world.settle();
        const compiler = new Compiler(world.ledgers[0].state);
        expect(world.malformed).toEqual([]);
        for (const [index, host] of HOSTS.entries()) {
          const held = world.agents[index]?.held?.state;
          expect(held && encodeHostState(held)).toBe(encodeHostState(compiler.hostState(host)));
        }
        await world.close();
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});
