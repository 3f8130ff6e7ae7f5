import type {
  DropReason,
  EndpointStatus,
  GroupInterest,
  HostDelta,
  HostObject,
  Membership,
  Revision,
  SeenPacket,
  TraceAccount,
  TraceFlow,
  TraceSender,
} from '@manx/hoststate';
import type { Ip, Mac } from '@manx/ip';

/**
 * Server to agent, one JSON object a line (NDJSON) over one long HTTP response. A session starts either with a whole state
 * (`begin`, any number of `put`s, `in-sync`) or, where the agent's revision can be resumed, at once with `in-sync`; then deltas.
 * A session that has fallen too far behind gets a whole state again, in its midst: the agent keeps the old one until `in-sync`.
 */
export type FeedMessage =
  | { readonly type: 'begin'; readonly revision: Revision }
  | { readonly type: 'put'; readonly object: HostObject }
  | { readonly type: 'in-sync'; readonly revision: Revision }
  | { readonly type: 'delta'; readonly revision: Revision; readonly delta: HostDelta }
  /** Addresses anywhere in the cloud that somebody has lost, or has got after another; comes when the state is in sync, changes nothing of it, and may come before it has got so far. */
  | { readonly type: 'released'; readonly addresses: readonly ReleasedAddress[] }
  /** At least every 5 s when nothing else is said, so that a dead connection is noticed; up to this revision nothing else concerns the host. */
  | { readonly type: 'heartbeat'; readonly revision: Revision }
  | TraceOrder;

/**
 * A step of a trace, which is no part of the host's state: said once, in between, and not again after the connection broke. `watch`: have the kernel tell of a
 * flow, until `end` or for so many seconds; `sender` is there on the host of the sender, which `send` lets send its packet. Each is answered with a TraceReport.
 */
export type TraceOrder =
  | {
      readonly type: 'trace-watch';
      readonly trace: string;
      readonly flow: TraceFlow;
      readonly seconds: number;
      readonly sender: TraceSender | null;
    }
  | { readonly type: 'trace-send'; readonly trace: string }
  | { readonly type: 'trace-end'; readonly trace: string };

/** Agent to server, by POST: an order was done, or why not. What was seen comes with the answer to the last. */
export type TraceReport = {
  readonly trace: string;
  readonly order: TraceOrder['type'];
  readonly problem: string | null;
  readonly account: TraceAccount | null;
};

/** An address that nobody has any more who had it before a revision, or nobody had: a flow that began with it until then is not the next one's (S16). */
export type ReleasedAddress = { readonly ip: Ip; readonly revision: Revision };

/** Agent to server, by POST. Statuses are whole truths per endpoint: the latest wins, lost ones are sent again. */
export type StatusReport = {
  /** Identifies this run of the agent; a new one starts with a full report. */
  readonly run: string;
  /** The host state that the agent last applied. */
  readonly revision: Revision;
  /** True: `endpoints` is all that the host has; false: only what changed. */
  readonly isFull: boolean;
  readonly endpoints: readonly EndpointStatus[];
  /** Every claim of the host's endpoints (S9), by address; null: as the server knows them. */
  readonly claims: readonly ReportedClaim[] | null;
  /** What was dropped since this run of the agent began, of what has changed since the last report (a full one has all); null: nothing has. */
  readonly drops: readonly ReportedDrop[] | null;
  /** Packets of this run that the server has not heard of (a full report has all that are kept), by number; null: there are none. */
  readonly samples: readonly ReportedSample[] | null;
  /** Packets that logs asked for, of this run, that the server has not heard of (a full report has all that are kept), by number; null: there are none. */
  readonly events: readonly ReportedEvent[] | null;
  /** Null until the agent has said something of itself: such a report is a sign of life and no more. */
  readonly agent: AgentReport | null;
};

/**
 * An endpoint that has claimed an address of its pairs, and how long ago the host saw that when it made the report, in milliseconds; null:
 * the host did not see it, but was told of it by the server.
 */
export type ReportedClaim = { readonly endpoint: string; readonly ip: Ip; readonly ageMs: number | null };

/**
 * What one host has dropped for one reason, at one tap or floating IP: totals of this run of the agent, so that a report that comes twice
 * counts once. Ages are in milliseconds when the report was made.
 */
export type ReportedDrop = {
  /** The port; null: the tap is of none that the host knows. */
  readonly endpoint: string | null;
  /** The tap, or the floating IP for a reason that is by floating IP. */
  readonly at: string;
  readonly reason: DropReason;
  readonly packets: number;
  /** From the network header on. */
  readonly bytes: number;
  /** Packets a second, when they were last counted; 0 when none were. */
  readonly rate: number;
  /** Since the first and the last were seen. */
  readonly firstAgeMs: number;
  readonly lastAgeMs: number;
};

/** One packet that a host dropped, picked out of many. Its age is in milliseconds when the report was made. */
export type ReportedSample = {
  /** Counts up within a run of the agent, so that what comes twice is taken once. */
  readonly number: number;
  /** Whose and where, as of a drop. */
  readonly endpoint: string | null;
  readonly at: string;
  readonly reason: DropReason;
  /** Who sent the frame; null where the packet came by no Ethernet. */
  readonly mac: Mac | null;
  readonly packet: SeenPacket;
  readonly ageMs: number;
};

/** An instance that listens to a group. */
export type ReportedListener = Membership & { readonly endpoint: string };
/** A packet that logs of one project asked for (Neutron's `logging` API). Its age is in milliseconds when the report was made. */
export type ReportedEvent = {
  /** Counts up within a run of the agent, so that what comes twice is taken once. */
  readonly number: number;
  readonly endpoint: string;
  readonly direction: 'egress' | 'ingress';
  /** Why it was dropped; null: it was accepted. */
  readonly reason: DropReason | null;
  /** The logs, by id. */
  readonly logs: readonly string[];
  /** The group and rule that let it pass; null where it was dropped, or the rules were others by then. */
  readonly policy: string | null;
  readonly rule: string | null;
  readonly packet: SeenPacket;
  readonly ageMs: number;
};

/** What the agent says of itself. */
export type AgentReport = {
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** The physical networks that the host is on, for subnets on segments of them; none named: it is on all. */
  readonly physicalNetworks: readonly string[];
  readonly bgp: readonly { readonly name: string; readonly state: string }[];
  /** The host's end of multicast tunnels, and what is to be sent there, by group, then source (S10); null: groups do not leave this host, nor come. */
  readonly multicast: { readonly address: Ip; readonly groups: readonly GroupInterest[] } | null;
  /** What its instances listen to, each group of an endpoint once; none that cannot be told in one report. */
  readonly listeners: readonly ReportedListener[];
  /** Each with since when (ISO 8601, UTC). */
  readonly problems: readonly { readonly code: string; readonly subject: string; readonly detail: string; readonly since: string }[];
  /** What others changed on the host and the agent put back: how many things since its start, when and what the last time. */
  readonly drift: { readonly repairs: number; readonly lastAt: string | null; readonly last: string | null };
};

/** The header of every answer of the server that names its run: revisions can be resumed within one run only. */
export const RUN_HEADER = 'manx-run';

/** The header of the answer to a report: from this revision on the host's state says what has come of the report's claims. */
export const REVISION_HEADER = 'manx-revision';

/** How often either side says something when there is nothing to say. Three in a row that are missing mean a dead peer. */
export const HEARTBEAT_MS = 5_000;

/** How many missing signs of life mean that the peer is gone. */
export const MISSED_HEARTBEATS = 3;

/** How many lost addresses are remembered, the latest ones, and how many a message may name. */
export const MAX_RELEASED = 10_000;

/**
 * How long hosts wait for the next word of lost addresses, at most, while many are lost: each is told all of them at once. An instance that gets such an address takes longer
 * to begin a connection.
 */
export const RELEASED_PAUSE_MS = 100;

/** The longest line that an agent takes, in bytes: a set of half a million addresses fits. */
export const MAX_LINE_BYTES = 32 * 1024 * 1024;

/** The largest status report that a server takes, in bytes, and the most of anything in it: no host has so much to say. */
export const MAX_REPORT_BYTES = 4 * 1024 * 1024;
export const MAX_REPORT_ITEMS = 10_000;

/** Of how many taps and reasons an agent tells drops: those of the latest. */
export const MAX_REPORTED_DROPS = 2_000;

/** Of how many taps and reasons samples are kept, those of the latest, and how many of each. A report has them all at most. */
export const MAX_SAMPLED_PLACES = 200;
export const SAMPLES_OF_A_PLACE = 5;

/**
 * Of how many places (a log, a port, and whether it was accepted) logged packets are kept for the server, those of the latest, how many of each,
 * and how many logs one of them names at most. Lines on the host are whole.
 */
export const MAX_EVENT_PLACES = 200;
export const EVENTS_OF_A_PLACE = 10;
export const MAX_EVENT_LOGS = 16;

/** How many physical networks a host may name, and how long a name may be, in UTF-16 units. */
export const MAX_PHYSICAL_NETWORKS = 1_000;
export const MAX_PHYSICAL_NETWORK = 64;

/** Of how many groups (or groups and sources) an agent tells that its host wants them. */
export const MAX_INTERESTS = 4_000;

/** Of how many listeners an agent tells, and how many sources they name all together at most, and each. */
export const MAX_LISTENERS = 2_000;
export const MAX_LISTENED_SOURCES = 10_000;
export const MAX_SOURCES_OF_LISTENER = 64;

/** The longest text in a report, in UTF-16 units; agents cut theirs. */
export const MAX_REPORT_TEXT = 1_000;

/** The longest that an agent watches a flow for without being told to end, in seconds. */
export const MAX_TRACE_SECONDS = 30;

/** The most that an account has: packets, rules that one met, chains, and characters of a rule and of a chain; agents cut theirs. */
export const MAX_TRACE_COUNTERS = 16;
export const MAX_TRACED_PACKETS = 64;
export const MAX_TRACE_HOPS = 256;
export const MAX_TRACED_CHAINS = 64;
export const MAX_TRACED_RULE = 400;
export const MAX_TRACED_CHAIN = 8_000;
