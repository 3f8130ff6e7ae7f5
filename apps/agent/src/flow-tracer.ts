import {
  MAX_TRACE_COUNTERS,
  MAX_TRACE_HOPS,
  MAX_TRACED_CHAIN,
  MAX_TRACED_CHAINS,
  MAX_TRACED_PACKETS,
  MAX_TRACED_RULE,
  type TraceOrder,
  type TraceReport,
} from '@manx/feed';
import type { Endpoint, HostState, IfName, Revision, TraceAccount, TraceHop, TraceSender } from '@manx/hoststate';
import { cidrContains } from '@manx/ip';
import {
  type DrainedWatch,
  Fault,
  gatherPackets,
  type HostPorts,
  injectAtTap,
  readChains,
  readCounters,
  removeInjector,
  type TraceEvent,
  traceFrame,
  visitedChains,
  watchTraces,
} from '@manx/kernel';
import { type CountedRule, type HostCounters, traceCounters } from '@manx/reconcile';
import { traceTables, withoutTrace } from '@manx/render';
import type { AgentLog } from './agent-log.js';

/** What a tracer is made from. */
export type FlowTracerOptions = {
  readonly ports: Pick<HostPorts, 'nftables' | 'rtnetlink'>;
  readonly log: AgentLog;
  readonly version: string;
  readonly kernel: string;
  /** What is programmed; null: nothing yet. */
  readonly programmed: () => { readonly revision: Revision; readonly state: HostState } | null;
};

type Answer = Omit<TraceReport, 'trace' | 'order'>;

type Run = {
  readonly order: Extract<TraceOrder, { type: 'trace-watch' }>;
  readonly tap: IfName | null;
  readonly watch: DrainedWatch;
  readonly events: TraceEvent[];
  readonly timer: NodeJS.Timeout;
  isComplete: boolean;
  /** What was counted before anything was sent; null: not read yet. */
  before: HostCounters | null;
};

/** Of one packet and of many: more is told by no flow that has one packet each way, and what is beyond is not kept. */
const MAX_EVENTS = MAX_TRACE_HOPS * 8;

/**
 * Has the kernel tell of one flow, and lets its sender send one packet, as the server orders. One at a time; it ends by itself where the server does not end it,
 * and nothing of it is left on the host then, nor when the agent is killed: its tables go with the agent's socket, what else there is with the next agent.
 */
export class FlowTracer {
  readonly #options: FlowTracerOptions;
  #run: Run | null = null;

  constructor(options: FlowTracerOptions) {
    this.#options = options;
    removeInjector(options.ports.rtnetlink);
  }

  /** Does a step. Never rejects: what does not work is said. */
  async take(order: TraceOrder): Promise<Answer> {
    try {
      return { problem: null, account: await this.#do(order) };
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      this.#options.log.warn({ trace: order.trace, problem: fault.message }, 'a flow could not be traced');
      return { problem: fault.message, account: null };
    }
  }

  async close(): Promise<void> {
    if (this.#run !== null) await this.#stop(this.#run);
  }

  async #do(order: TraceOrder): Promise<TraceAccount | null> {
    if (order.type === 'trace-watch') {
      await this.#begin(order);
      return null;
    }
    const run = this.#run;
    if (run === null || run.order.trace !== order.trace)
      throw refusal('it is not under way here: it has ended by itself, or the agent was restarted');
    if (order.type === 'trace-end') return await this.#end(run);
    this.#send(run);
    return null;
  }

  async #begin(order: Run['order']): Promise<void> {
    if (this.#run !== null) throw refusal('another trace is under way on this host: try again in a few seconds');
    const tap = order.sender === null ? null : this.#endpointOf(order.sender).ifname;
    const events: TraceEvent[] = [];
    const watch = watchTraces({
      onEvent: (event) => {
        if (events.length < MAX_EVENTS) events.push(event);
        else run.isComplete = false;
      },
      onLost: () => {
        run.isComplete = false;
      },
    });
    const expire = (): void => {
      this.#options.log.warn({ trace: order.trace }, 'a trace was not ended by the server, and ends by itself');
      void this.#stop(run);
    };
    const run: Run = { order, tap, watch, events, timer: setTimeout(expire, order.seconds * 1000), isComplete: true, before: null };
    this.#run = run;
    try {
      await this.#options.ports.nftables.apply(traceTables(order.flow, tap));
      run.before = await readCounters(this.#options.ports);
    } catch (fault) {
      await this.#stop(run);
      throw fault;
    }
    this.#options.log.info({ trace: order.trace, flow: order.flow, sender: order.sender }, 'tracing a flow');
  }

  #send({ order: { sender, flow }, tap }: Run): void {
    const { rtnetlink } = this.#options.ports;
    const link = tap === null ? null : rtnetlink.link(tap);
    if (sender === null || link === null) throw refusal(`${tap ?? 'the sender'} is not on this host`);
    if (link.mac === null) throw refusal(`${link.ifname} is no Ethernet interface`);
    const { protocol, mark } = flow;
    const from = macOf(this.#endpointOf(sender), sender);
    injectAtTap(rtnetlink, link.ifindex, traceFrame({ protocol, mark, ...sender }, { from, to: link.mac }));
  }

  async #end(run: Run): Promise<TraceAccount> {
    run.watch.drain();
    const packets = gatherPackets(run.events);
    await this.#stop(run);
    const { before } = run;
    if (before === null) throw refusal('it was ended before it had begun');
    // What was told of a rule was counted before; what has come since only adds to it.
    const after = await readCounters(this.#options.ports);
    const chains = await readChains(visitedChains(packets).slice(0, MAX_TRACED_CHAINS));
    const ruleOf = ({ family, table, chain, handle }: TraceEvent): string | null => {
      const read = chains.find((one) => one.family === family && one.table === table && one.chain === chain);
      return handle === null ? null : (read?.rules.get(handle) ?? null);
    };
    const names = new Map<number, string | null>();
    const nameOf = (index: number): string | null => {
      if (index === 0) return null;
      if (!names.has(index)) names.set(index, this.#options.ports.rtnetlink.link(index)?.ifname ?? null);
      return names.get(index) ?? null;
    };
    const hopOf = (event: TraceEvent, at: number, hops: readonly TraceEvent[]): TraceHop => {
      const { family, table, chain, kind, handle, verdict, target, iif, oif, packet } = event;
      const rule = ruleOf(event) || null;
      const counters = traceCounters({ table, rule, ...placeOf(hops.slice(0, at + 1), nameOf) }, { before, after });
      return {
        family,
        table,
        chain,
        kind,
        handle,
        rule: rule?.slice(0, MAX_TRACED_RULE) ?? null,
        verdict,
        target,
        iif: nameOf(iif),
        oif: nameOf(oif),
        packet,
        counters: counters.slice(0, MAX_TRACE_COUNTERS),
      };
    };
    const isWhole = packets.length <= MAX_TRACED_PACKETS && packets.every(({ hops }) => hops.length <= MAX_TRACE_HOPS);
    const { version, kernel, programmed } = this.#options;
    return {
      revision: programmed()?.revision ?? null,
      version,
      kernel,
      isComplete: run.isComplete && isWhole,
      packets: packets.slice(0, MAX_TRACED_PACKETS).map(({ hops }) => ({ hops: hops.slice(0, MAX_TRACE_HOPS).map(hopOf) })),
      chains: chains.map(({ family, table, chain, text }) => ({ family, table, chain, text: text.slice(0, MAX_TRACED_CHAIN) })),
    };
  }

  /** Takes away all that it made on the host. */
  async #stop(run: Run): Promise<void> {
    if (this.#run !== run) return;
    this.#run = null;
    clearTimeout(run.timer);
    run.watch.close();
    try {
      await this.#options.ports.nftables.apply(withoutTrace(run.tap));
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      this.#options.log.error({ problem: fault.message }, 'the tables of a trace could not be taken away; they go with the agent');
    }
  }

  #endpointOf({ endpoint: id }: TraceSender): Endpoint {
    const endpoint = this.#options.programmed()?.state.endpoints.get(id);
    if (endpoint === undefined) throw refusal(`port ${id} is not programmed on this host`);
    return endpoint;
  }
}

/** Where a packet was by the last of these: the kernel says it once a base chain. */
const placeOf = (hops: readonly TraceEvent[], nameOf: (index: number) => string | null): Omit<CountedRule, 'table' | 'rule'> => {
  const packet = hops.findLast((hop) => hop.packet !== null)?.packet ?? null;
  const isIp = packet?.kind === 'ip';
  return {
    iif: nameOf(hops.findLast(({ iif }) => iif !== 0)?.iif ?? 0),
    oif: nameOf(hops.findLast(({ oif }) => oif !== 0)?.oif ?? 0),
    source: isIp ? packet.source : null,
    destination: isIp ? packet.destination : null,
  };
};

/** A pair may have a MAC of its own. */
const macOf = ({ mac, addresses, pairs }: Endpoint, { source }: TraceSender): Endpoint['mac'] =>
  addresses.some(({ ip }) => ip === source) ? mac : (pairs.find(({ cidr }) => cidrContains(cidr, source))?.mac ?? mac);

const refusal = (detail: string): Fault => new Fault({ code: 'refused', op: 'trace', subject: 'flow', detail });
