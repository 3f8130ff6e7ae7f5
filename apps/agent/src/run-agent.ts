import { release } from 'node:os';
import type { DnsService } from '@manx/dns';
import { type AgentReport, type FeedSession, type HeldState, openFeedSession, StatusNews } from '@manx/feed';
import { asIp } from '@manx/ip';
import {
  type BgpSession,
  FolderWatch,
  HostObserver,
  MulticastTunnel,
  openLinkSender,
  readDrops,
  takeHostLock,
  watchAnnouncements,
  watchListeners,
  watchNftables,
  watchRtnetlink,
} from '@manx/kernel';
import type { MetadataService } from '@manx/metadata';
import { renderHost } from '@manx/render';
import { type AgentLog, openLog } from './agent-log.js';
import { type AgentSettings, readAgentSettings } from './agent-settings.js';
import { type AgentState, SLOW_TURN_MS } from './agent-state.js';
import { openAgentWindow } from './agent-window.js';
import { BgpWatch } from './bgp-watch.js';
import { ClaimKeeper } from './claim-keeper.js';
import { DropWatch } from './drop-watch.js';
import { EventWatch } from './event-watch.js';
import { FlowTracer } from './flow-tracer.js';
import { HostDoctor } from './host-doctor.js';
import { type Found, HostLoop } from './host-loop.js';
import { ListenerKeeper } from './listener-keeper.js';
import { LogWatch } from './log-watch.js';
import { MoveKeeper } from './move-keeper.js';
import { demandHost, type Host, openHost } from './open-host.js';
import { dnsTaps, openHostDns } from './open-host-dns.js';
import { metadataTaps, openHostMetadata, readMetadataSecret } from './open-host-metadata.js';
import { type Finding, ProblemBook } from './problem-book.js';
import { ProgramWatch } from './program-watch.js';
import { programmedTaps } from './programmed-taps.js';
import { readSecret } from './read-secret.js';
import { ReleasedFlows } from './released-flows.js';
import { demandSettings, renderSettings } from './render-settings.js';
import { SampleWatch, type SampleWatchOptions } from './sample-watch.js';
import { SavedSysctls } from './saved-sysctls.js';
import { StateCopy } from './state-copy.js';
import { untilTold } from './until-told.js';

const VERSION = '0.1.0';

/** How to run an agent. */
export type AgentOptions = {
  /** Path of agent.yaml. */
  readonly config: string;
  /** Ends the agent; SIGTERM and SIGINT do when there is none. */
  readonly signal?: AbortSignal;
};

/**
 * Runs this host's agent until it is told to end, and leaves the host as it then is: rules, routes and programs stay. Throws
 * SettingsFault for a wrong agent.yaml, and Fault when the host lacks something or another agent runs on it; then nothing was changed.
 */
export const runAgent = async (options: AgentOptions): Promise<void> => {
  const settings = await readAgentSettings(options.config);
  demandSettings(options.config, settings);
  await demandHost('run');
  const secrets = {
    token: await readSecret(settings.server.token_file, { op: 'read token', hint: '`manx server token` prints one' }),
    metadata: await readMetadataSecret(settings),
  };
  const lock = takeHostLock();
  const log = openLog(settings.log.level);
  const host = openHost(settings, log);
  const agent = new Agent(settings, { host, log, secrets });
  const closeAll = async (): Promise<void> => {
    await agent.close();
    await host.close();
    lock.release();
  };
  const window = await openAgentWindow({ runDir: settings.run_dir, metrics: settings.metrics }, () => agent.state).catch(
    async (fault: unknown) => {
      await closeAll();
      throw fault;
    },
  );
  log.info({ host: settings.host, server: settings.server.url, version: VERSION }, 'agent started');
  await untilTold(options.signal);
  window.close();
  await closeAll();
  log.info({}, 'agent ended; the host stays as it is');
};

/** What this host proves itself with, to its server and to Nova. */
type Secrets = { readonly token: string; readonly metadata: string | null };

class Agent {
  readonly #startedAt = new Date().toISOString();
  readonly #copy: StateCopy;
  readonly #loop: HostLoop;
  readonly #session: FeedSession;
  readonly #observer: HostObserver;
  readonly #log: AgentLog;
  readonly #closers: readonly { readonly close: () => void }[];
  readonly #files: FolderWatch<'dnsmasq' | 'bird'>;
  readonly #doctor: HostDoctor;
  readonly #programs: ProgramWatch;
  readonly #news = new StatusNews();
  readonly #metadata: MetadataService | null;
  readonly #dns: DnsService | null;
  readonly #physicalNetworks: readonly string[];
  readonly #claims: ClaimKeeper;
  readonly #listeners: ListenerKeeper;
  readonly #moves: MoveKeeper;
  readonly #released: ReleasedFlows;
  readonly #drops: DropWatch;
  readonly #samples: SampleWatch;
  readonly #events: EventWatch;
  readonly #tracer: FlowTracer;
  readonly #deafness = new Map<string, string>();
  readonly #problems = new ProblemBook();
  readonly #settings: AgentSettings;
  #held: HeldState | null = null;
  #link: AgentState['server'];
  #bgp: readonly BgpSession[] = [];
  #found: Found | null = null;

  constructor(settings: AgentSettings, { host, log, secrets }: { readonly host: Host; readonly log: AgentLog; readonly secrets: Secrets }) {
    this.#log = log;
    this.#physicalNetworks = settings.physical_networks.toSorted();
    this.#settings = settings;
    this.#link = { url: settings.server.url, isConnected: false, since: this.#startedAt, problem: 'not connected yet' };
    this.#copy = new StateCopy(settings.state_dir, log);
    this.#observer = new HostObserver(host.ports);
    const saved = new SavedSysctls(settings.state_dir);
    const rendering = renderSettings(settings);
    const kept = { stateDir: settings.state_dir, log, onChange: () => this.#loop.kickAnyway() };
    this.#claims = new ClaimKeeper(kept);
    this.#moves = new MoveKeeper({ ...kept, onProgress: () => void this.#copy.flush() });
    const tunnelEnd = rendering.multicast ?? null;
    this.#listeners = new ListenerKeeper({
      stateDir: settings.state_dir,
      log,
      everySeconds: settings.multicast_query_seconds,
      address: tunnelEnd?.address ?? null,
      sender: openLinkSender(),
      tunnel: new MulticastTunnel(tunnelEnd),
      indexOf: (ifname) => this.#observer.indexOf(ifname),
      onChange: () => this.#loop.kickAnyway(),
      onNews: () => this.#tellAgain(),
    });
    this.#loop = new HostLoop({
      ports: host.ports,
      observer: this.#observer,
      settle: (held, links) => this.#listeners.settle(this.#claims.settle(this.#moves.settle(held, links), links), links),
      render: (state) => renderHost(state, rendering, this.#listeners.listening),
      hostSnat: rendering.hostSnat ?? null,
      log,
      onHostSysctl: (path) => {
        // The doctor may have seen the host as it was before.
        this.#doctor.soon();
        saved.save(path);
      },
      onFound: (found) => {
        this.#files.refresh();
        const isOther = found.state !== this.#found?.state;
        this.#tell(found);
        // Other networks, perhaps with another MTU.
        if (isOther) this.#doctor.reconsider();
      },
    });
    this.#released = new ReleasedFlows({ ...kept, conntrack: host.ports.conntrack, state: () => this.#held?.state ?? null });
    const { dnsmasq, bird } = host.ports.programs;
    this.#files = new FolderWatch({ dnsmasq: dnsmasq.folder, bird: bird.folder }, (program, name) => {
      if (this.#observer.noticeFile(program, name)) this.#loop.kick();
    });
    this.#metadata = openHostMetadata(settings, {
      secret: secrets.metadata,
      onProblem: (problem) => {
        if (problem === null) log.info({}, 'metadata is served again');
        else log.error({ problem }, 'instances get no metadata');
        this.#tellAgain();
      },
    });
    this.#dns = openHostDns(settings, (problem) => {
      if (problem === null) log.info({}, 'names are answered again');
      else log.error({ problem }, 'instances get no answers to DNS queries');
      this.#tellAgain();
    });
    this.#doctor = new HostDoctor({
      survey: host.survey,
      state: () => this.#found?.state ?? null,
      onChange: () => this.#tellAgain(),
    });
    this.#programs = new ProgramWatch({
      programs: host.ports.programs,
      onChange: () => this.#tellAgain(),
      onKill: (program, ailment) => log.error({ program, ailment }, 'program does not work; it is ended, and started again'),
    });
    // Watching begins before the first look, so that no change falls between.
    this.#closers = [
      this.#watchLinks(),
      this.#watchTables(host),
      this.#audit(settings.audit_seconds),
      this.#watchBgp(host),
      this.#files,
      this.#watchAnnouncements(),
      this.#watchListeners(),
      this.#listeners,
      this.#claims,
      this.#moves,
      this.#released,
      this.#doctor,
      this.#programs,
      this.#watchWork(),
    ];
    this.#drops = this.#watchDrops(host);
    this.#samples = this.#watchSamples();
    this.#events = this.#watchEvents();
    this.#tracer = new FlowTracer({ ports: host.ports, log, version: VERSION, kernel: release(), programmed: () => this.#found });
    const held = this.#copy.read();
    if (held === null) this.#loop.kick();
    else this.#want(held);
    this.#session = this.#connect(settings, { held, token: secrets.token });
  }

  async close(): Promise<void> {
    for (const closer of this.#closers) closer.close();
    this.#samples.close();
    await this.#events.close();
    await this.#drops.close();
    await this.#session.close();
    await this.#tracer.close();
    await this.#loop.close();
    this.#metadata?.close();
    this.#dns?.close();
    await this.#copy.flush();
  }

  #connect(settings: AgentSettings, { held, token }: { readonly held: HeldState | null; readonly token: string }): FeedSession {
    const take = (state: HeldState): void => {
      this.#copy.keep(state);
      this.#want(state);
    };
    return openFeedSession({
      url: settings.server.url,
      host: settings.host,
      token,
      resumeFrom: held,
      heardOf: this.#released.heardOf,
      onState: (state) => {
        this.#log.info({ revision: state.revision, endpoints: state.state.endpoints.size }, 'in sync with the server');
        take(state);
      },
      onDelta: take,
      onResumed: take,
      onRevision: (state) => {
        this.#copy.note(state);
        if (this.#claims.isWaiting) this.#want(state);
      },
      onReleased: (addresses) => this.#released.take(addresses),
      onClaimsTaken: (claims, revision) => this.#claims.answered(claims, revision),
      onLink: (link) => {
        this.#link = {
          url: settings.server.url,
          isConnected: link.kind === 'up',
          since: this.#link.isConnected === (link.kind === 'up') ? this.#link.since : new Date().toISOString(),
          problem: link.kind === 'up' ? null : link.problem.detail,
        };
        if (link.kind === 'up') this.#log.info({ run: link.run }, 'connected to the server');
        else
          this.#log.warn(
            { problem: link.problem.detail, retryInMs: link.retryInMs },
            'the server is away; the host goes on with its last state',
          );
      },
      onReportProblem: (problem) => {
        this.#log.warn({ problem: problem.detail }, 'a report was not delivered; it is sent again');
      },
      onTrace: (order) => this.#tracer.take(order),
      onTraceProblem: ({ detail: problem }) => this.#log.warn({ problem }, 'what was seen of a traced flow was not delivered'),
    });
  }

  #watchLinks(): { readonly close: () => void } {
    return watchRtnetlink({
      onEvent: (event) => {
        if (this.#observer.notice(event)) this.#loop.kick();
      },
      onLost: () => {
        this.#log.warn({}, 'missed kernel events; the host is read anew');
        this.#observer.invalidate('taps', 'routes', 'sysctls');
        this.#loop.kick();
      },
    });
  }

  #watchTables(host: Host): { readonly close: () => void } {
    const readAgain = (): void => {
      this.#observer.invalidate('tables');
      this.#loop.kick();
    };
    return watchNftables({
      onGeneration: ({ generation, pid, program }) => {
        void this.#onGeneration(host, { generation, by: { pid, program } }, readAgain);
      },
      onLost: readAgain,
    });
  }

  async #onGeneration(
    host: Host,
    { generation, by }: { readonly generation: number; readonly by: object },
    onStrange: () => void,
  ): Promise<void> {
    if (await host.isOwnGeneration(generation)) return;
    this.#log.debug(by, 'another program changed nftables');
    this.#doctor.soon();
    onStrange();
  }

  /** S20: what no event tells of is found out by reading everything again now and then. */
  #audit(everySeconds: number): { readonly close: () => void } {
    const timer = setInterval(() => {
      this.#observer.invalidate();
      this.#loop.kick();
    }, everySeconds * 1000);
    return { close: clearInterval.bind(null, timer) };
  }

  #watchBgp(host: Host): { readonly close: () => void } {
    return new BgpWatch(host.bird, (sessions) => {
      this.#bgp = sessions;
      this.#log.info({ sessions }, 'BGP sessions');
      this.#tellAgain();
    });
  }

  #watchDrops(host: Host): DropWatch {
    return new DropWatch({
      everyMs: this.#settings.drops_seconds * 1000,
      read: () => readDrops(host.ports),
      state: () => this.#found?.state ?? null,
      onChange: () => this.#tellAgain(),
      onProblem: (problem) => {
        if (problem === null) this.#log.info({}, 'drops are counted again');
        else this.#log.warn({ problem }, 'the counters of drops cannot be read');
      },
    });
  }

  /** What all need that hear single packets. */
  #hearing(): Omit<SampleWatchOptions, 'onProblem'> {
    return {
      log: this.#log,
      everyMs: this.#settings.drops_seconds * 1000,
      nameOf: (ifindex) => this.#observer.nameOf(ifindex),
      state: () => this.#found?.state ?? null,
      onChange: () => this.#tellAgain(),
    };
  }

  #watchSamples(): SampleWatch {
    return new SampleWatch({
      ...this.#hearing(),
      onProblem: (detail) => this.#hearsAgain('samples of drops', detail),
    });
  }

  #watchEvents(): EventWatch {
    return new EventWatch({
      ...this.#hearing(),
      path: this.#settings.network_log.local_output_log_base ?? null,
      onProblem: (detail) => this.#hearsAgain('logged packets', detail),
    });
  }

  #watchAnnouncements(): { readonly close: () => void } {
    return new LogWatch({
      log: this.#log,
      open: () =>
        watchAnnouncements(({ ifindex, ip }) => {
          const ifname = this.#observer.nameOf(ifindex);
          if (ifname === null) return;
          this.#moves.hear(ifname);
          if (ip !== null) this.#claims.hear(ifname, ip);
        }),
      without: 'announcements of instances are not heard: addresses do not fail over by them, and live migrations wait for Nova',
      onProblem: (detail) => this.#hearsAgain('announcements', detail),
    });
  }

  #watchListeners(): { readonly close: () => void } {
    return new LogWatch({
      log: this.#log,
      open: () =>
        watchListeners(({ ifindex, records }) => {
          const ifname = this.#observer.nameOf(ifindex);
          if (ifname !== null) this.#listeners.hear(ifname, records);
        }),
      without: 'what instances listen to is not heard: they get no multicast',
      onProblem: (detail) => this.#hearsAgain('listeners', detail),
    });
  }

  #hearsAgain(what: keyof typeof DEAF, problem: string | null): void {
    if (problem === null) this.#deafness.delete(what);
    else this.#deafness.set(what, problem);
    this.#tellAgain();
  }

  /** A turn that does not end tells nothing by itself. */
  #watchWork(): { readonly close: () => void } {
    let wasSlow = false;
    const timer = setInterval(() => {
      const isSlow = this.#slowTurn().length > 0;
      if (isSlow !== wasSlow) this.#tellAgain();
      wasSlow = isSlow;
    }, SLOW_TURN_MS / 4);
    return {
      close: () => {
        clearInterval(timer);
      },
    };
  }

  #slowTurn(): readonly Finding[] {
    const { turnMs } = this.#loop.work;
    if (turnMs === null || turnMs < SLOW_TURN_MS) return [];
    const detail = `a turn lasts longer than ${SLOW_TURN_MS / 1000} s: the kernel, nftables or a program does not answer; what is programmed stays`;
    return [{ code: 'slow', subject: 'applying', detail }];
  }

  #want(held: HeldState): void {
    this.#held = held;
    this.#loop.want(held);
  }

  /** All that is known of this agent, now. */
  get state(): AgentState {
    const count = (state: string): number => this.#found?.endpoints.filter((endpoint) => endpoint.state === state).length ?? 0;
    return {
      host: this.#settings.host,
      server: this.#link,
      revision: { wanted: this.#held?.revision ?? null, applied: this.#found?.revision ?? null },
      endpoints: { up: count('up') + count('arrived'), down: count('down'), error: count('error') },
      work: { ...this.#loop.work, lostAddresses: this.#released.waiting },
      agent: this.#report(),
    };
  }

  #report(): AgentReport {
    const now = new Date().toISOString();
    const found = [
      ...(this.#found?.problems ?? []),
      ...this.#ofServices(),
      ...this.#slowTurn(),
      ...this.#programs.findings,
      ...this.#doctor.findings,
    ];
    const problems = this.#problems.update(found, now);
    const drift = this.#found?.drift ?? { repairs: 0, lastAt: null, last: null };
    const said = { version: VERSION, startedAt: this.#startedAt, physicalNetworks: this.#physicalNetworks, bgp: this.#bgp };
    const address = this.#settings.multicast === undefined ? null : asIp(this.#settings.multicast.address);
    const multicast = address === null ? null : { address, groups: this.#listeners.interests };
    return { ...said, multicast, listeners: this.#listeners.listeners, problems, drift };
  }

  #tellAgain(): void {
    if (this.#found !== null) this.#tell(this.#found);
  }

  #tell(found: Found): void {
    this.#found = found;
    const programmed = programmedTaps(found, this.#observer);
    this.#listeners.found(new Set(programmed.map(({ endpoint }) => endpoint.id)));
    this.#metadata?.serve(metadataTaps(programmed));
    this.#dns?.serve(dnsTaps(programmed), found.state.names);
    const news = { revision: found.revision, ...this.#news.of(found), claims: this.#claims.claims };
    const heard = { drops: this.#drops.drops, samples: this.#samples.samples, events: this.#events.events };
    this.#session.report({ ...news, ...heard, agent: this.#report() });
  }

  #ofServices(): readonly Finding[] {
    const problem = this.#metadata?.problem() ?? null;
    const metadata = problem === null ? [] : [{ code: 'metadata', subject: 'metadata', detail: problem }];
    const deafness = Object.entries(DEAF).flatMap(([subject, code]) => {
      const detail = this.#deafness.get(subject);
      return detail === undefined ? [] : [{ code, subject, detail }];
    });
    const silence = this.#dns?.problem() ?? null;
    const dns = silence === null ? [] : [{ code: 'dns', subject: 'dns', detail: silence }];
    return [...metadata, ...dns, ...deafness, ...this.#listeners.findings];
  }
}

/** What may not be heard, and the code of the problem that this is. */
const DEAF = { announcements: 'claims', listeners: 'multicast', 'samples of drops': 'samples', 'logged packets': 'network_log' } as const;
