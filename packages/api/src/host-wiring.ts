import { admit, type Context } from '@manx/admission';
import { Compiler } from '@manx/compile';
import { createFeed, type Feed, type FeedOptions, type StatusReport } from '@manx/feed';
import { type HostName, type HostState, parseHostName } from '@manx/hoststate';
import { type HostFact, isProblem } from '@manx/model';
import { CloudIndex, makeCloud } from '@manx/reach';
import { createAgentRegister } from './agent-register.js';
import { createBindingFence } from './binding-fence.js';
import { ClaimIntake } from './claim-intake.js';
import { DropBook } from './connectivity/drop-book.js';
import { EventBook } from './connectivity/event-book.js';
import { SampleBook } from './connectivity/sample-book.js';
import type { CloudSource } from './connectivity/viewer.js';
import type { Ledger } from './ledger.js';
import { AGENT_ACTOR, StatusIntake } from './status-intake.js';
import { tellArrivals } from './tell-arrivals.js';

/** The way from commits to the hosts, and back from their reports to commits. */
export type HostWiring = {
  /** For the feed's own listener, which agents connect to. */
  readonly feed: Feed;
  /** What could not be compiled, in a sentence each: it fails closed for its own endpoints. */
  readonly problems: () => readonly string[];
  /** Whether a port may be bound there: the host's agent has been heard of lately. */
  readonly isHostAlive: (host: string) => boolean;
  /** What is known of the hosts whose agents this server has heard of, by name. */
  readonly hosts: () => readonly HostFact[];
  /** The cloud as it is compiled for the hosts, to ask about; nothing is compiled for a question. The first one files every endpoint, once. */
  readonly connectivity: CloudSource;
  /** What a host was told to do; null for what is no host's name. The cost is that of the host. */
  readonly hostState: (host: string) => HostState | null;
  /** What the hosts drop, as they told this server. */
  readonly drops: Pick<DropBook, 'drops' | 'packetsByReason'>;
  /** Some of the packets of these drops. */
  readonly samples: Pick<SampleBook, 'of'>;
  /** Packets that logs asked for. */
  readonly events: Pick<EventBook, 'after'>;
  /** Ends the sessions and the feed. */
  readonly close: () => void;
};

/** What the wiring is made from; `context` is what admission needs, as of now. */
export type HostWiringOptions = { readonly ledger: Ledger; readonly context: () => Context; readonly feed?: Partial<FeedOptions> };

/** Compiles the state for the hosts, and from then on every durable commit; feeds the agents; commits what they report. Linear in the cloud, once. */
export const wireHosts = ({ ledger, context, feed: feedOptions = {} }: HostWiringOptions): HostWiring => {
  const { compiler, fence, since } = ledger.atDurable((state, revision) => ({
    compiler: new Compiler(state),
    fence: createBindingFence(state),
    since: revision,
  }));
  let compiled = since;
  let index: CloudIndex | null = null;
  const remember = createAgentRegister({ ledger, context });
  const intake = new StatusIntake({
    fence,
    commit: async (choose) => {
      const origin = { requestId: 'agents', userId: null, projectId: null };
      await ledger.decide(origin, (state) => {
        const changes = choose(state).flatMap(({ host, statuses }) => {
          const admitted = admit(state, { actor: AGENT_ACTOR, command: { op: 'report', host, statuses } }, context());
          return isProblem(admitted) ? [] : admitted.changes;
        });
        return { changes, value: () => undefined };
      });
    },
  });
  const drops = new DropBook();
  const samples = new SampleBook();
  const events = new EventBook();
  const feed = createFeed({
    ...feedOptions,
    source: { snapshot: (host) => ({ revision: compiled, state: compiler.hostState(host) }) },
    onStatus: async (host: HostName, { run, revision, isFull, endpoints, claims, agent, ...told }: StatusReport) => {
      const word = { host, run, now: Date.now() };
      if (told.drops !== null) drops.take({ ...word, drops: told.drops });
      if (told.samples !== null) samples.take({ ...word, packets: told.samples });
      if (told.events !== null) events.take({ ...word, packets: told.events });
      const isOfPorts = isFull || endpoints.length > 0;
      await Promise.all([remember(host, agent), isOfPorts ? intake.take({ host, revision, isFull, endpoints }) : null]);
      return claims === null ? undefined : await claimIntake.take({ host, revision, claims });
    },
  });
  const claimIntake = new ClaimIntake({
    ledger,
    context,
    fence,
    isHostAlive: (host) => feed.isAlive(host as HostName),
    leaseMs: feed.leaseMs,
  });
  // Should this fail, the next report of the host does it.
  feed.onHost(({ kind, host }) => {
    if (kind === 'up') void Promise.allSettled([remember(host, null)]);
    else void Promise.allSettled([claimIntake.release(host), remember.forget(host)]);
  });
  // Also of those that this run of the server has never heard of.
  const silence = setTimeout(() => {
    const silent = [...ledger.state.all('agent')].filter(({ host, multicast }) => multicast && !feed.isAlive(host as HostName));
    void Promise.allSettled(silent.map(({ host }) => remember.forget(host)));
  }, feed.leaseMs);
  silence.unref();
  const subscription = ledger.subscribe((commits, state) => {
    const arrived = fence.onCommits(commits);
    const deltas = compiler.apply(
      commits.flatMap(({ changes }) => changes),
      state,
    );
    for (const [host, delta] of deltas) index?.apply(host, delta);
    compiled = commits.at(-1)?.revision ?? compiled;
    // Also when nothing changes for any host: heartbeats then carry the head, and agents that were away can resume from it.
    feed.publish(compiled, tellArrivals(deltas, arrived, compiler), compiler.released);
  });
  return {
    feed,
    problems: () => compiler.problems().map(({ subject, detail }) => `${subject}: ${detail}`),
    isHostAlive: (name) => {
      const host = parseHostName(name);
      return host !== null && feed.isAlive(host);
    },
    hosts: () => feed.hosts().map(({ host, isAlive, heardAt, report }) => ({ host, isAlive, heardAt, report: report?.agent ?? null })),
    connectivity: (view) => {
      const all = (index ??= new CloudIndex(compiler.hosts().map((host) => [host, compiler.hostState(host)])));
      return makeCloud({
        ...view,
        index: all,
        stateOf: (host) => compiler.hostState(host),
        listenersOf: (group) =>
          feed.hosts().flatMap(({ host, isAlive, report }) =>
            (isAlive ? (report?.agent?.listeners ?? []) : []).flatMap(({ endpoint, ...membership }) =>
              // A host speaks for its own instances alone.
              membership.group === group && all.get(endpoint)?.host === host ? [{ endpoint, membership }] : [],
            ),
          ),
        hasTunnel: (host) => ledger.state.by('agent.host', host).some(({ multicast }) => multicast !== null),
      });
    },
    hostState: (name) => {
      const host = parseHostName(name);
      return host === null ? null : compiler.hostState(host);
    },
    drops,
    samples,
    events,
    close: () => {
      subscription.stop();
      clearTimeout(silence);
      claimIntake.close();
      feed.close();
    },
  };
};
