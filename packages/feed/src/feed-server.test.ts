import { once } from 'node:events';
import { Agent, get, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { asHostName, type HostState, isProblem } from '@manx/hoststate';
import { afterEach, describe, expect, it } from 'vitest';
import type { HostEvent } from './feed.js';
import { Heard } from './heard.js';
import { LineSplitter } from './line-splitter.js';
import { SECRET, startFeedServer } from './loopback.js';
import { parseFeedMessage } from './parse-message.js';
import { SampleCloud, sampleSet, stateOfSets } from './sample-cloud.js';
import { StateAssembler } from './state-assembler.js';
import { lifeSign } from './testing/reports.js';
import { agentToken } from './token.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const serve = async (cloud = new SampleCloud(), options: Parameters<typeof startFeedServer>[1] = {}) => {
  const server = await startFeedServer(cloud, options);
  cleanups.push(server.stop);
  return server;
};

const tokenOf = (host: string): string => agentToken(SECRET, asHostName(host));

const ask = async (
  url: string,
  options: { readonly method?: string; readonly token?: string; readonly body?: string | Buffer } = {},
): Promise<{ status: number; body: string; headers: IncomingMessage['headers'] }> => {
  const { method = 'GET', token = tokenOf('h1'), body = '' } = options;
  const asking = request(url, { method, headers: token === '' ? {} : { authorization: `Bearer ${token}` } });
  // A server that refuses a body in its middle may cut the connection after its answer.
  asking.on('error', () => undefined);
  asking.end(body);
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await text(response), headers: response.headers };
};

describe('who may ask', () => {
  it("a token that is nobody's, or none, is 401; the server tells nothing", async () => {
    const { url } = await serve();
    for (const token of ['', 'x', tokenOf('h2'), agentToken('another secret', asHostName('h1'))]) {
      const { status, body, headers } = await ask(`${url}/feed/v1/hosts/h1/state`, { token });
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toBe('Bearer');
      expect(JSON.parse(body)).toMatchObject({ code: 'token-refused', subject: 'h1' });
    }
  });

  it("another host's token is 403, for its state and for its status", async () => {
    const { url } = await serve();
    const known = await ask(`${url}/feed/v1/hosts/h2/status`, { method: 'POST', token: tokenOf('h2'), body: '{}' });
    expect(known.status).toBe(400);
    for (const [method, path] of [
      ['GET', 'state'],
      ['POST', 'status'],
    ] as const) {
      const { status, body } = await ask(`${url}/feed/v1/hosts/h1/${path}`, { method, token: tokenOf('h2') });
      expect(status).toBe(403);
      expect(JSON.parse(body)).toMatchObject({ code: 'token-of-another-host' });
    }
  });

  it('a refused report changes nothing, not even whether its host is alive', async () => {
    const taken: unknown[] = [];
    const { url, feed } = await serve(new SampleCloud(), { onStatus: (host) => void taken.push(host) });
    const body = JSON.stringify({ ...lifeSign, revision: 1, isFull: true });
    expect((await ask(`${url}/feed/v1/hosts/h1/status`, { method: 'POST', token: tokenOf('h2'), body })).status).toBe(401);
    expect((await ask(`${url}/feed/v1/hosts/h1/status`, { method: 'POST', body: `${body}x` })).status).toBe(400);
    expect([taken, feed.isAlive(asHostName('h1'))]).toEqual([[], false]);
    expect((await ask(`${url}/feed/v1/hosts/h1/status`, { method: 'POST', body })).status).toBe(204);
    expect([taken, feed.isAlive(asHostName('h1'))]).toEqual([['h1'], true]);
  });
});

describe('bad requests', () => {
  it.each([
    ['/', 'GET', 404],
    ['/feed/v1/hosts/h1', 'GET', 404],
    ['/feed/v1/hosts/h1/state/x', 'GET', 404],
    ['/feed/v1/hosts/..%2fh1/state', 'GET', 404],
    ['/feed/v1/hosts/%00/state', 'GET', 404],
    ['//feed/v1/hosts/h1/state', 'GET', 404],
    ['/feed/v1/hosts/h1/state', 'POST', 405],
    ['/feed/v1/hosts/h1/status', 'GET', 405],
    ['/feed/v1/hosts/h1/state?since=x&run=r', 'GET', 400],
    ['/feed/v1/hosts/h1/state?since=-1&run=r', 'GET', 400],
    ['/feed/v1/hosts/h1/state?since=1e3&run=r', 'GET', 400],
    ['/feed/v1/hosts/h1/state?since=1', 'GET', 400],
  ])('%s %s is %i, with a problem', async (path, method, status) => {
    const { url } = await serve();
    const answer = await ask(url + path, { method });
    expect(answer.status).toBe(status);
    expect(Object.keys(JSON.parse(answer.body) as object)).toEqual(['code', 'subject', 'detail']);
  });

  it('a report of more than 4 MiB is 413, and the server goes on', async () => {
    const { url } = await serve();
    const post = { method: 'POST', body: Buffer.alloc(5 * 1024 * 1024, 0x20) };
    expect((await ask(`${url}/feed/v1/hosts/h1/status`, post)).status).toBe(413);
    expect((await ask(`${url}/feed/v1/hosts/h1/status`, { method: 'POST', body: '{}' })).status).toBe(400);
  });

  it('a report that is cut in its middle is nothing', async () => {
    const taken: unknown[] = [];
    const { url, port, feed } = await serve(new SampleCloud(), { onStatus: (host) => void taken.push(host) });
    const socket = connect(port, '127.0.0.1');
    const head = `POST /feed/v1/hosts/h1/status HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokenOf('h1')}\r\ncontent-length: 100\r\n\r\n`;
    socket.write(`${head}{"run":`);
    await once(socket, 'connect');
    socket.destroy();
    await once(socket, 'close');
    expect((await ask(`${url}/feed/v1/hosts/h1/status`, { method: 'POST', body: '{}' })).status).toBe(400);
    expect([taken, feed.isAlive(asHostName('h1'))]).toEqual([[], false]);
  });
});

/** Opens a session and hands over the response, unread. */
const openState = async (url: string, host: string, agent?: Agent): Promise<IncomingMessage> => {
  const asking = get(`${url}/feed/v1/hosts/${host}/state`, {
    headers: { authorization: `Bearer ${tokenOf(host)}` },
    ...(agent === undefined ? {} : { agent }),
  });
  asking.on('error', () => undefined);
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  cleanups.push(() => asking.destroy());
  return response;
};

type Seen = { bytes: number; snapshots: number; held: { revision: number; state: HostState } | null };

/** Reads a session until the state at a revision is there. */
const readUntil = async (response: IncomingMessage, revision: number): Promise<Seen> => {
  const splitter = new LineSplitter(10_000_000);
  const assembler = new StateAssembler(null);
  const seen: Seen = { bytes: 0, snapshots: 0, held: null };
  for await (const chunk of response as AsyncIterable<Buffer>) {
    seen.bytes += chunk.length;
    const lines = splitter.push(chunk);
    if (isProblem(lines)) throw new Error(lines.detail);
    for (const line of lines) {
      const message = parseFeedMessage(line);
      const result = isProblem(message) ? message : assembler.take(message);
      if (isProblem(result)) throw new Error(result.detail);
      if (result.kind === 'state') seen.snapshots += 1;
      if ('state' in result) seen.held = { revision: result.revision, state: result.state };
    }
    if (seen.held?.revision === revision) return seen;
  }
  throw new Error(`the session ended at revision ${seen.held?.revision}`);
};

describe('slow readers and dead ones', () => {
  it('a reader that did not read while much changed gets a fresh snapshot, not the whole tale', async () => {
    const cloud = new SampleCloud();
    const { feed, url } = await serve(cloud, { ring: { entries: 20, bytes: 10_000_000 } });
    const response = await openState(url, 'h1');
    response.pause();
    const rounds = 400;
    let whole = 0;
    for (let round = 1; round <= rounds; round += 1) {
      const state = stateOfSets({ ...sampleSet(`set-${round}`, 5000) });
      whole += JSON.stringify([...state.sets.values()]).length;
      cloud.commit(feed, { h1: state });
      // Lets the sockets work, as they would between commits.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const seen = await readUntil(response, cloud.revision);
    expect(seen.held?.state).toEqual(cloud.stateOf(asHostName('h1')));
    expect(seen.snapshots).toBeGreaterThan(1);
    expect(seen.bytes).toBeLessThan(whole / 2);
  });

  it('a host that keeps its connection but reports nothing is down after its lease, and its session is ended', async () => {
    const { feed, url } = await serve(new SampleCloud(), { heartbeatMs: 30 });
    const events = new Heard<HostEvent>();
    feed.onHost(events.add);
    const response = await openState(url, 'h1');
    response.resume();
    const ended = new Promise((resolve) => response.on('close', resolve));
    response.on('error', () => undefined);
    expect([await events.next(), await events.next()]).toEqual([
      { kind: 'up', host: 'h1' },
      { kind: 'down', host: 'h1' },
    ]);
    await ended;
    expect(feed.isAlive(asHostName('h1'))).toBe(false);
    expect(feed.hosts()).toMatchObject([{ isAlive: false, isConnected: false }]);
  });
});

describe('many hosts', () => {
  it('one change reaches 2,000 hosts, each with a session of its own', async () => {
    const cloud = new SampleCloud();
    const { feed, url } = await serve(cloud);
    const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
    cleanups.push(() => agent.destroy());
    const hosts = Array.from({ length: 2000 }, (_, index) => `host-${index}`);
    const responses: IncomingMessage[] = [];
    for (let at = 0; at < hosts.length; at += 100) {
      responses.push(...(await Promise.all(hosts.slice(at, at + 100).map((host) => openState(url, host, agent)))));
    }
    expect(feed.hosts().filter((host) => host.isConnected)).toHaveLength(2000);
    const reading = responses.map((response) => readUntil(response, 2));
    const state = stateOfSets(sampleSet('everywhere', 10));
    cloud.commit(feed, Object.fromEntries(hosts.map((host) => [host, state])));
    const seen = await Promise.all(reading);
    expect(seen.every(({ held }) => held?.state.sets.get('everywhere')?.members.length === 10)).toBe(true);
  }, 120_000);
});
