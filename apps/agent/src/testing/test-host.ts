import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  agentToken,
  createFeed,
  createFeedServer,
  type Feed,
  type ReportedDrop,
  type ReportedEvent,
  type ReportedSample,
  type StatusReport,
  type TraceOrder,
  type TraceReport,
} from '@manx/feed';
import { asHostName, diffHostStates, type EndpointStatus, type HostState } from '@manx/hoststate';
import { asIp } from '@manx/ip';
import { inNetns } from '@manx/kernel';

const ENTRY = fileURLToPath(new URL('agent-process.js', import.meta.url));
const HOST = asHostName('h1');
const SECRET = 'secret-of-the-tests';
const PORT = 9697;

/** Runs a program and gives its output; an Error with all that it said unless it ends with 0. */
export const run = (program: string, ...args: readonly string[]): string => {
  const done = spawnSync(program, args, { encoding: 'utf8', timeout: 20_000 });
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.stdout}${done.stderr}${String(done.error ?? '')}`);
  return done.stdout;
};

/** A host of its own in a network namespace: guests on taps, a feed server, an agent as a process. */
export class TestHost {
  readonly netns: string;
  readonly folder = mkdtempSync(join(tmpdir(), 'manx-t-agent-'));
  readonly config = join(this.folder, 'agent.yaml');
  readonly #guests = new Set<string>();
  readonly #statuses = new Map<string, EndpointStatus>();
  readonly #waiting = new Set<() => void>();
  #state: HostState;
  #revision = 1;
  #feed: Feed | null = null;
  #server: Server | null = null;
  #agent: ChildProcess | null = null;
  #claims: NonNullable<StatusReport['claims']> = [];
  readonly #drops = new Map<string, ReportedDrop>();
  readonly #samples: ReportedSample[] = [];
  readonly #events: ReportedEvent[] = [];
  said = '';

  constructor(name: string, state: HostState, extra = '') {
    this.netns = `manx-t-${name}`;
    this.#state = state;
    spawnSync('ip', ['netns', 'delete', this.netns]);
    run('ip', 'netns', 'add', this.netns);
    this.exec('ip', 'link', 'set', 'lo', 'up');
    writeFileSync(join(this.folder, 'token'), agentToken(SECRET, HOST));
    writeFileSync(
      this.config,
      `host: h1\nserver: {url: "http://127.0.0.1:${PORT}", token_file: ${this.folder}/token}\nstate_dir: ${this.folder}/state\nrun_dir: ${this.folder}/run\nlog: {level: info}\n${extra}`,
    );
    run('chmod', '755', this.folder);
  }

  exec(...command: readonly [string, ...string[]]): string {
    return run('ip', 'netns', 'exec', this.netns, ...command);
  }

  /** Plugs a guest in: a namespace whose eth0 is the other end of the tap, configured by hand. */
  plug(guest: { readonly name: string; readonly tap: string; readonly mac: string; readonly ip: string; readonly gateway: string }): void {
    const netns = `manx-t-${guest.name}`;
    if (!this.#guests.has(netns)) {
      spawnSync('ip', ['netns', 'delete', netns]);
      run('ip', 'netns', 'add', netns);
      this.#guests.add(netns);
    }
    this.exec('ip', 'link', 'add', guest.tap, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns);
    this.inGuest(guest.name, 'ip', 'link', 'set', 'lo', 'up');
    this.inGuest(guest.name, 'ip', 'link', 'set', 'eth0', 'address', guest.mac);
    this.inGuest(guest.name, 'ip', 'link', 'set', 'eth0', 'up');
    this.inGuest(guest.name, 'ip', 'address', 'add', `${guest.ip}/24`, 'dev', 'eth0');
    this.inGuest(guest.name, 'ip', 'route', 'add', 'default', 'via', guest.gateway);
    this.exec('ip', 'link', 'set', guest.tap, 'up');
  }

  inGuest(name: string, ...command: readonly [string, ...string[]]): string {
    return run('ip', 'netns', 'exec', `manx-t-${name}`, ...command);
  }

  spawnInGuest(name: string, ...command: readonly [string, ...string[]]): ChildProcess {
    return spawn('ip', ['netns', 'exec', `manx-t-${name}`, ...command], { stdio: ['pipe', 'pipe', 'pipe'] });
  }

  /** How many processes of a program run in the namespace. */
  countOf(program: string): number {
    const pids = run('ip', 'netns', 'pids', this.netns).split('\n').filter(Boolean);
    return pids.filter((pid) => existsSync(`/proc/${pid}/comm`) && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === program).length;
  }

  /** Opens the feed inside the namespace. */
  async serve(): Promise<void> {
    this.#feed = createFeed({
      source: { snapshot: () => ({ revision: this.#revision, state: this.#state }) },
      onStatus: (_host, report) => {
        this.#take(report);
      },
    });
    const quiet = { info: () => undefined, warn: () => undefined };
    const server = createServer(createFeedServer({ feed: this.#feed, secret: SECRET, logger: quiet }));
    this.#server = server;
    // With a host name, be it an address, Node opens the socket later, and so elsewhere.
    inNetns(`/run/netns/${this.netns}`, () => server.listen(PORT));
    await once(server, 'listening');
  }

  /** Takes the server away. */
  async leave(): Promise<void> {
    this.#feed?.close();
    this.#server?.closeAllConnections();
    const server = this.#server;
    this.#server = null;
    if (server !== null) await new Promise((resolve) => server.close(resolve));
  }

  /** Publishes another state; its revision. */
  change(state: HostState): number {
    const delta = diffHostStates(this.#state, state);
    this.#state = state;
    this.#revision += 1;
    this.#feed?.publish(this.#revision, new Map([[HOST, delta]]));
    return this.#revision;
  }

  /** Says that somebody elsewhere has lost these addresses. */
  release(...ips: readonly string[]): void {
    this.#revision += 1;
    this.#feed?.publish(this.#revision, new Map(), ips.map(asIp));
  }

  /** Has the agent do a step of a trace. */
  async trace(order: TraceOrder): Promise<TraceReport | 'away' | 'silent'> {
    return (await this.#feed?.trace(HOST, order, 10_000)) ?? 'away';
  }

  /** The claims that the agent told last. */
  get claims(): NonNullable<StatusReport['claims']> {
    return this.#claims;
  }

  /** What the agents told last of each drop. */
  get drops(): readonly ReportedDrop[] {
    return [...this.#drops.values()];
  }

  /** All samples that the agents told, in order. */
  get samples(): readonly ReportedSample[] {
    return this.#samples;
  }

  /** All logged packets that the agents told, in order. */
  get events(): readonly ReportedEvent[] {
    return this.#events;
  }

  /** What the agent last said of itself. */
  get agent(): StatusReport['agent'] {
    return this.#feed?.hosts()[0]?.report?.agent ?? null;
  }

  start(): void {
    const agent = spawn('ip', ['netns', 'exec', this.netns, process.execPath, ENTRY, 'run', this.config], {
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    agent.stderr.on('data', (chunk: Buffer) => {
      this.said += chunk.toString();
      this.#wake();
    });
    this.#agent = agent;
  }

  /** Ends the agent by a signal; its exit code. */
  async stop(signal: NodeJS.Signals): Promise<number | null> {
    const agent = this.#agent;
    this.#agent = null;
    if (agent === null) return null;
    agent.kill(signal);
    if (agent.exitCode === null && agent.signalCode === null) await once(agent, 'exit');
    return agent.exitCode;
  }

  /** Runs the agent's program to its end, where the file `without` is an empty one: status and what it said. */
  once(what: 'run' | 'cleanup', without: string | null = null): { readonly status: number | null; readonly said: string } {
    const program = ['ip', 'netns', 'exec', this.netns, process.execPath, ENTRY, what, this.config];
    const hiding = ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', 'mount --bind /dev/null "$0"; exec "$@"', without ?? ''];
    const [first = '', ...rest] = without === null ? program : [...hiding, ...program];
    const done = spawnSync(first, rest, { encoding: 'utf8', timeout: 60_000 });
    return { status: done.status, said: done.stdout + done.stderr };
  }

  /** The latest status of an endpoint, once it satisfies a condition. */
  async status(id: string, isIt: (status: EndpointStatus) => boolean): Promise<EndpointStatus> {
    return this.until(`status of ${id}`, () => {
      const status = this.#statuses.get(id);
      return status !== undefined && isIt(status) ? status : null;
    });
  }

  /** The first value that is not null, asked for after each report and line of the agent, and now and then; an Error with the agent's last lines after a minute, or as long as told: a limit for what hangs, not for what is slow. */
  async until<T>(what: string, value: () => T | null, seconds = 60): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        clearInterval(ticker);
        reject(
          new Error(
            `${what}: not within ${seconds} s; ${JSON.stringify([...this.#statuses.values()])}\n${this.said.split('\n').slice(-20).join('\n')}`,
          ),
        );
      }, seconds * 1000);
      const look = (): void => {
        const found = value();
        if (found === null) return;
        clearTimeout(timer);
        clearInterval(ticker);
        this.#waiting.delete(look);
        resolve(found);
      };
      // For what the agent says nothing of: the kernel's own tools are asked.
      const ticker = setInterval(() => look(), 50);
      this.#waiting.add(look);
      look();
    });
  }

  forgetStatuses(): void {
    this.#statuses.clear();
  }

  async remove(): Promise<void> {
    await this.stop('SIGKILL');
    await this.leave();
    for (const name of ['dnsmasq', 'bird']) spawnSync('pkill', ['-F', join(this.folder, 'run', `${name}.pid`)]);
    for (const netns of [this.netns, ...this.#guests]) spawnSync('ip', ['netns', 'delete', netns]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #take(report: StatusReport): void {
    this.#claims = report.claims ?? this.#claims;
    for (const drop of report.drops ?? []) this.#drops.set(`${drop.endpoint ?? ''} ${drop.at} ${drop.reason}`, drop);
    this.#samples.push(...(report.samples ?? []));
    this.#events.push(...(report.events ?? []));
    for (const status of report.endpoints) this.#statuses.set(status.id, status);
    this.#wake();
  }

  #wake(): void {
    for (const look of Array.from(this.#waiting)) look();
  }
}
