import { isProblem, MAX_TRACED_ADDRESSES, type Problem, TRACE_VERDICTS, type TraceFlow } from '@manx/hoststate';
import { familyOf } from '@manx/ip';
import { type Check, exactly, listOf, nullable, oneOf, readJson, revision, text, whole } from './check.js';
import { address, id, packet, upTo, word } from './check-packet.js';
import {
  MAX_TRACE_COUNTERS,
  MAX_TRACE_HOPS,
  MAX_TRACE_SECONDS,
  MAX_TRACED_CHAIN,
  MAX_TRACED_CHAINS,
  MAX_TRACED_PACKETS,
  MAX_TRACED_RULE,
  type TraceOrder,
  type TraceReport,
} from './messages.js';

const number =
  (...allowed: readonly number[]): Check =>
  (value, at) =>
    allowed.some((one) => one === value) ? null : `${at}: expected one of ${allowed.join(', ')}`;

const flowFields = exactly({
  protocol: number(1, 6, 17, 58),
  sources: listOf(address, MAX_TRACED_ADDRESSES),
  destinations: listOf(address, MAX_TRACED_ADDRESSES),
  ports: listOf(word, MAX_TRACED_ADDRESSES),
  mark: word,
});

/** All of one family that the protocol has, and ports where it has such: the agent makes rules of it. */
const flow: Check = (value, at) => {
  const complaint = flowFields(value, at);
  if (complaint !== null) return complaint;
  const { protocol, sources, destinations, ports } = value as TraceFlow;
  if (sources.length === 0 || destinations.length === 0) return `${at}: expected addresses`;
  const families = new Set([...sources, ...destinations].map(familyOf));
  if (families.size !== 1) return `${at}: expected addresses of one family`;
  const isPing = protocol === 1 || protocol === 58;
  if (isPing && !families.has(protocol === 1 ? 4 : 6)) return `${at}: expected addresses of the protocol's family`;
  return isPing === (ports.length === 0) ? null : `${at}: expected ${isPing ? 'no ' : ''}ports`;
};

const seconds: Check = (value, at) => upTo(MAX_TRACE_SECONDS)(value, at) ?? (value === 0 ? `${at}: expected a time` : null);

/** What orders of the server's have, by type. */
export const traceOrders: { readonly [T in TraceOrder['type']]: Check } = {
  'trace-watch': exactly({
    type: oneOf('trace-watch'),
    trace: id,
    flow,
    seconds,
    sender: nullable(exactly({ endpoint: id, source: address, destination: address, port: nullable(word) })),
  }),
  'trace-send': exactly({ type: oneOf('trace-send'), trace: id }),
  'trace-end': exactly({ type: oneOf('trace-end'), trace: id }),
};

const printable = /^[\x20-\x7e]+$/;
const name = text(128, printable);
const chain = { family: name, table: name, chain: name };
const packets = whole('a number of packets');
const hop = exactly({
  ...chain,
  kind: oneOf('rule', 'return', 'policy'),
  handle: nullable(whole('a handle')),
  rule: nullable(text(MAX_TRACED_RULE, printable)),
  verdict: oneOf(...TRACE_VERDICTS),
  target: nullable(name),
  iif: nullable(name),
  oif: nullable(name),
  packet: nullable(packet),
  counters: listOf(exactly({ name, before: packets, after: packets }), MAX_TRACE_COUNTERS),
});

const report: Check = exactly({
  trace: id,
  order: oneOf('trace-watch', 'trace-send', 'trace-end'),
  problem: nullable(text(1_000)),
  account: nullable(
    exactly({
      revision: nullable(revision),
      version: name,
      kernel: name,
      isComplete: oneOf(true, false),
      packets: listOf(exactly({ hops: listOf(hop, MAX_TRACE_HOPS) }), MAX_TRACED_PACKETS),
      chains: listOf(exactly({ ...chain, text: text(MAX_TRACED_CHAIN, /^[\x20-\x7e\n\t]+$/) }), MAX_TRACED_CHAINS),
    }),
  ),
});

/** Reads the text of an agent's answer to an order, of which nothing is trusted: exactly the known fields, every size bounded. */
export function parseTraceReport(json: string): TraceReport | Problem {
  const read = readJson(json, report, 'report');
  return isProblem(read) ? read : (read.value as TraceReport);
}
