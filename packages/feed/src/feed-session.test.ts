import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { EndpointStatus, HostState } from '@manx/hoststate';
import { afterEach, describe, expect, it } from 'vitest';
import type { FeedSession } from './feed-session.js';
import { Heard } from './heard.js';
import { listenOnLoopback, startAgent, startFeedServer, stopListening, type Told } from './loopback.js';
import type { StatusReport } from './messages.js';
import { SampleCloud, sampleIp, sampleSet, stateOfSets } from './sample-cloud.js';
import { quietAgent } from './testing/reports.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const serve = async (cloud: SampleCloud, options: Parameters<typeof startFeedServer>[1] = {}) => {
  const server = await startFeedServer(cloud, options);
  cleanups.push(server.stop);
  return server;
};

const agentOf = (url: string, options: Parameters<typeof startAgent>[1] = {}): { session: FeedSession; told: Heard<Told> } => {
  const agent = startAgent(url, options);
  cleanups.push(() => agent.session.close());
  return agent;
};

const heldOf = (told: Told): { revision: number; state: HostState } => {
  if (!('held' in told)) throw new Error(`nothing is held: ${JSON.stringify(told)}`);
  return { revision: told.held.revision, state: told.held.state };
};

const isHeld = (told: Told): boolean => 'held' in told && told.kind !== 'revision';
const isDown = (told: Told): boolean => told.kind === 'link' && told.link.kind === 'down';
const codeOf = (told: Told): string | null => (told.kind === 'link' && told.link.kind === 'down' ? told.link.problem.code : null);

const status = (id: string, revision: number): EndpointStatus => ({ id, state: 'up', revision, problem: null });

describe('an agent and its server', () => {
  it('the agent has the whole state, then each change', async () => {
    const cloud = new SampleCloud();
    cloud.prepare({ h1: stateOfSets(sampleSet('a', 5000), sampleSet('b', 1)), h2: stateOfSets(sampleSet('c', 1)) });
    const { feed, url } = await serve(cloud);
    const { told } = agentOf(url);
    expect(await told.next()).toEqual({ kind: 'link', link: { kind: 'up', run: feed.run } });
    expect(heldOf(await told.next())).toEqual({ revision: 1, state: cloud.stateOf('h1' as never) });
    cloud.commit(feed, { h1: stateOfSets(sampleSet('a', 5001)), h2: stateOfSets() });
    expect(heldOf(await told.until(isHeld))).toEqual({ revision: 2, state: stateOfSets(sampleSet('a', 5001)) });
  });

  it('after a cut it resumes: only what it missed comes, no snapshot', async () => {
    const cloud = new SampleCloud();
    const { feed, server, url } = await serve(cloud);
    const { told } = agentOf(url);
    expect((await told.until(isHeld)).kind).toBe('state');
    server.closeAllConnections();
    cloud.commit(feed, { h1: stateOfSets(sampleSet('a', 1)) });
    expect(codeOf(await told.until(isDown))).not.toBeNull();
    const [resumed, delta] = [await told.until(isHeld), await told.until(isHeld)];
    expect([resumed.kind, delta.kind]).toEqual(['resumed', 'delta']);
    expect(heldOf(resumed)).toEqual({ revision: 1, state: stateOfSets() });
    expect(heldOf(delta)).toEqual({ revision: 2, state: stateOfSets(sampleSet('a', 1)) });
  });

  it('S16: each loss of an address is told once, also where a cut lies between', async () => {
    const cloud = new SampleCloud();
    const { feed, server, url } = await serve(cloud);
    const { told } = agentOf(url);
    await told.until(isHeld);
    const [a, b] = [sampleIp(1), sampleIp(2)];
    feed.publish((cloud.revision += 1), new Map(), [a]);
    expect(await told.next()).toEqual({ kind: 'released', addresses: [{ ip: a, revision: 2 }] });
    server.closeAllConnections();
    await told.until(isDown);
    feed.publish((cloud.revision += 1), new Map(), [b]);
    expect(await told.until(({ kind }) => kind === 'released')).toEqual({ kind: 'released', addresses: [{ ip: b, revision: 3 }] });
  });

  it('S16: an agent that was restarted hears of no loss that it has heard of, though what it kept is older; of all that a log counts anew it does', async () => {
    const cloud = new SampleCloud();
    const { feed, url } = await serve(cloud);
    const [a, b] = [sampleIp(1), sampleIp(2)];
    feed.publish((cloud.revision += 1), new Map(), [a]);
    feed.publish((cloud.revision += 1), new Map(), [b]);
    const resumeFrom = { run: feed.run, revision: 1, state: stateOfSets() };
    const lost = async (heardOf: number): Promise<Told> =>
      await agentOf(url, { resumeFrom, heardOf }).told.until(({ kind }) => kind === 'released');
    expect(await lost(2)).toEqual({ kind: 'released', addresses: [{ ip: b, revision: 3 }] });
    const ahead = agentOf(url, { resumeFrom: { ...resumeFrom, run: 'before the log was put back' }, heardOf: 1000 });
    await ahead.told.until(isHeld);
    feed.publish((cloud.revision += 1), new Map(), [a]);
    expect(await ahead.told.until(({ kind }) => kind === 'released')).toEqual({ kind: 'released', addresses: [{ ip: a, revision: 4 }] });
  });

  it('an agent that was restarted resumes from what it kept', async () => {
    const cloud = new SampleCloud();
    const { feed, url } = await serve(cloud);
    const first = agentOf(url);
    const told = await first.told.until(isHeld);
    await first.session.close();
    cloud.commit(feed, { h1: stateOfSets(sampleSet('a', 1)) });
    const second = agentOf(url, { resumeFrom: 'held' in told ? told.held : null });
    expect((await second.told.until(isHeld)).kind).toBe('resumed');
    expect(heldOf(await second.told.until(isHeld))).toEqual({ revision: 2, state: stateOfSets(sampleSet('a', 1)) });
  });

  it('another run of the server sends a whole state, and the agent a full report', async () => {
    const cloud = new SampleCloud();
    cloud.prepare({ h1: stateOfSets(sampleSet('a', 1)) });
    const reports = new Heard<StatusReport>();
    const options = { onStatus: (_: string, report: StatusReport) => reports.add(report) };
    const first = await serve(cloud, options);
    const { told, session } = agentOf(first.url);
    await told.until(isHeld);
    session.report({ revision: 1, endpoints: [status('a', 1)], gone: [], agent: quietAgent });
    expect(await reports.next()).toMatchObject({ isFull: true });
    await first.stop();
    await told.until(isDown);
    cloud.prepare({ h1: stateOfSets(sampleSet('a', 2)) });
    const second = await serve(cloud, { ...options, port: first.port });
    const state = await told.until(isHeld);
    expect(state.kind).toBe('state');
    expect(state).toMatchObject({ held: { run: second.feed.run } });
    expect(heldOf(state).state).toEqual(stateOfSets(sampleSet('a', 2)));
    expect(await reports.next()).toMatchObject({ isFull: true });
  });

  it('heartbeats move the position on when nothing changes for the host, and resuming from there works', async () => {
    const cloud = new SampleCloud();
    const { feed, server, url } = await serve(cloud, { heartbeatMs: 30 });
    const { told } = agentOf(url, { heartbeatMs: 1000 });
    await told.until(isHeld);
    cloud.commit(feed, { h2: stateOfSets(sampleSet('a', 1)) });
    await told.until((one) => one.kind === 'revision' && one.held.revision === 2);
    server.closeAllConnections();
    expect(await told.until(isHeld)).toMatchObject({ kind: 'resumed', held: { revision: 2 } });
  });

  it('two agents of one name: the later one has the session, and the server stays well', async () => {
    const cloud = new SampleCloud();
    const { feed, url } = await serve(cloud);
    const first = agentOf(url, { backOff: { minMs: 60_000, maxMs: 60_000 } });
    await first.told.until(isHeld);
    const second = agentOf(url);
    await second.told.until(isHeld);
    await first.told.until(isDown);
    cloud.commit(feed, { h1: stateOfSets(sampleSet('a', 1)) });
    expect((await second.told.until(isHeld)).kind).toBe('delta');
    expect(feed.hosts()).toHaveLength(1);
  });

  it('with a token that is refused the agent says so, keeps what it has, and goes on trying', async () => {
    const { url } = await serve(new SampleCloud());
    const { told } = agentOf(url, { token: 'wrong' });
    for (let attempt = 0; attempt < 3; attempt += 1) expect(codeOf(await told.until(isDown))).toBe('feed-refused');
  });

  it('without a server the agent waits and comes when there is one', async () => {
    const cloud = new SampleCloud();
    const { server, url, port } = await listenOnLoopback(() => undefined);
    await stopListening(server);
    const { told } = agentOf(url);
    expect(codeOf(await told.until(isDown))).toBe('feed-unreachable');
    await serve(cloud, { port });
    expect((await told.until(isHeld)).kind).toBe('state');
  });

  it('after close nothing is called back, and no connection is left', async () => {
    const cloud = new SampleCloud();
    const { feed, server, url } = await serve(cloud);
    const sockets: Socket[] = [];
    server.on('connection', (socket) => sockets.push(socket));
    const { told, session } = agentOf(url);
    await told.until(isHeld);
    await session.close();
    await session.close();
    const pending = told.pending.length;
    cloud.commit(feed, { h1: stateOfSets(sampleSet('a', 1)) });
    session.report({ revision: 1, endpoints: [], gone: [], agent: quietAgent });
    await Promise.all(sockets.filter((socket) => !socket.destroyed).map((socket) => once(socket, 'close')));
    expect(sockets.length).toBeGreaterThan(0);
    expect(told.pending.length).toBe(pending);
  });
});

describe('reports of an agent', () => {
  const withEndpoints = (ids: readonly string[]): SampleCloud => {
    const cloud = new SampleCloud();
    cloud.prepare({ h1: { ...stateOfSets(), endpoints: new Map(ids.map((id) => [id, { kind: 'endpoint', id } as never])) } });
    return cloud;
  };

  it('a report that the server could not take is sent until it could, with the latest status of each endpoint', async () => {
    const reports = new Heard<StatusReport>();
    let failures = 2;
    const onStatus = async (_: string, report: StatusReport): Promise<void> => {
      reports.add(report);
      failures -= 1;
      if (failures >= 0) throw new Error('the store is away');
    };
    const { url } = await serve(withEndpoints(['a', 'b']), { onStatus });
    const { session } = agentOf(url);
    session.report({ revision: 1, endpoints: [status('a', 1), status('b', 1)], gone: [], agent: quietAgent });
    await reports.next();
    session.report({ revision: 2, endpoints: [status('a', 2)], gone: [], agent: quietAgent });
    await reports.next();
    expect(await reports.next()).toMatchObject({ isFull: true, revision: 2, endpoints: [status('a', 2), status('b', 1)] });
    session.report({ revision: 3, endpoints: [status('b', 3)], gone: [], agent: quietAgent });
    expect(await reports.next()).toMatchObject({ isFull: false, revision: 3, endpoints: [status('b', 3)] });
  });

  it('many statuses while one report is on its way are one report', async () => {
    const reports = new Heard<StatusReport>();
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const ids = Array.from({ length: 100 }, (_, index) => `port-${index}`);
    const onStatus = async (_: string, report: StatusReport): Promise<void> => {
      reports.add(report);
      await held;
    };
    const { url } = await serve(withEndpoints(['first', ...ids]), { onStatus });
    const { session } = agentOf(url);
    session.report({ revision: 1, endpoints: [status('first', 1)], gone: [], agent: quietAgent });
    await reports.next();
    for (const id of ids) session.report({ revision: 1, endpoints: [status(id, 1)], gone: [], agent: quietAgent });
    letGo();
    expect((await reports.next()).endpoints).toHaveLength(100);
  });
});

/** A server that does what the test says, connection by connection; reports are taken. */
const serveScript = async (answers: readonly ((res: ServerResponse) => void)[]): Promise<{ url: string; asked: Heard<string> }> => {
  const asked = new Heard<string>();
  const left = [...answers];
  const { server, url } = await listenOnLoopback((req: IncomingMessage, res: ServerResponse) => {
    res.setHeader('manx-run', 'run-1');
    if (req.method === 'POST') res.writeHead(204).end();
    else {
      asked.add(req.url ?? '');
      left.shift()?.(res);
    }
  });
  cleanups.push(() => stopListening(server));
  return { url, asked };
};

const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
const snapshot =
  line({ type: 'begin', revision: 5 }) + line({ type: 'put', object: sampleSet('s', 2) }) + line({ type: 'in-sync', revision: 5 });

describe('an agent and a server that goes wrong', () => {
  it('a cut in the middle of a snapshot or of a line hands nothing out; the next connection gives it whole', async () => {
    const { url } = await serveScript([
      (res) => void res.write(snapshot.slice(0, snapshot.indexOf('{"type":"in-sync"')), () => res.destroy()),
      (res) => void res.write(snapshot.slice(0, -10), () => res.destroy()),
      (res) => void res.write(snapshot),
    ]);
    const { told } = agentOf(url);
    const all: Told[] = [];
    while (all.at(-1)?.kind !== 'state') all.push(await told.next());
    expect(all.filter(isDown)).toHaveLength(2);
    expect(all.filter(isHeld)).toHaveLength(1);
    expect(heldOf(all.at(-1) as Told)).toEqual({ revision: 5, state: stateOfSets(sampleSet('s', 2)) });
  });

  it('a change that is cut in mid-line is not applied, and is asked for again from where the agent stands', async () => {
    const change = line({ type: 'delta', revision: 6, delta: { deletes: [{ kind: 'set', id: 's' }], puts: [], rules: [], members: [] } });
    const { url, asked } = await serveScript([
      (res) => void res.write(snapshot + change.slice(0, -5), () => res.destroy()),
      (res) => void res.write(line({ type: 'in-sync', revision: 5 }) + change),
    ]);
    const { told } = agentOf(url);
    expect([(await told.until(isHeld)).kind, (await told.until(isHeld)).kind, (await told.until(isHeld)).kind]).toEqual([
      'state',
      'resumed',
      'delta',
    ]);
    expect([await asked.next(), await asked.next()]).toEqual(['/feed/v1/hosts/h1/state', '/feed/v1/hosts/h1/state?since=5&run=run-1']);
  });

  it.each([
    ['a line that is not JSON', 'oops\n'],
    ['an unknown message', line({ type: 'reboot' })],
    ['an unknown field', line({ type: 'heartbeat', revision: 5, isUrgent: true })],
    [
      'a change that does not fit',
      line({ type: 'delta', revision: 6, delta: { deletes: [{ kind: 'set', id: 'x' }], puts: [], rules: [], members: [] } }),
    ],
    ['a revision of the past', line({ type: 'heartbeat', revision: 4 })],
  ])('%s ends the session; the agent begins anew with a snapshot', async (_, wrong) => {
    const { url, asked } = await serveScript([(res) => void res.write(snapshot + wrong), (res) => void res.write(snapshot)]);
    const { told } = agentOf(url);
    expect((await told.until(isHeld)).kind).toBe('state');
    expect(codeOf(await told.until(isDown))).toBe('feed-malformed');
    expect((await told.until(isHeld)).kind).toBe('state');
    expect([await asked.next(), await asked.next()]).toEqual(['/feed/v1/hosts/h1/state', '/feed/v1/hosts/h1/state']);
  });

  it('a server that falls silent is left, and connected to again', async () => {
    const { url } = await serveScript([(res) => void res.write(snapshot), (res) => void res.write(line({ type: 'in-sync', revision: 5 }))]);
    const { told } = agentOf(url, { heartbeatMs: 30 });
    expect((await told.until(isHeld)).kind).toBe('state');
    expect(codeOf(await told.until(isDown))).toBe('feed-silent');
    expect((await told.until(isHeld)).kind).toBe('resumed');
  });

  it('a server that accepts and never answers is left as well', async () => {
    const { url } = await serveScript([() => undefined, (res) => void res.write(snapshot)]);
    const { told } = agentOf(url, { heartbeatMs: 30 });
    expect(codeOf(await told.until(isDown))).toBe('feed-silent');
    expect((await told.until(isHeld)).kind).toBe('state');
  });

  it('an answer that is not a feed is quoted', async () => {
    const { url } = await serveScript([(res) => void res.writeHead(500).end('out of order')]);
    const { told } = agentOf(url);
    const down = await told.until(isDown);
    expect(down).toMatchObject({ link: { problem: { code: 'feed-answered', detail: 'the server answered 500: out of order' } } });
  });
});
