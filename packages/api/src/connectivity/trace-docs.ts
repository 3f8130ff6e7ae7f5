import { TRACE_VERDICTS } from '@manx/hoststate';
import type { OperationDoc, Schema } from '../openapi/operation-doc.js';
import { wrapped } from '../openapi/resource-schemas.js';
import { EXPLAIN_QUESTION, explanation, seenPacket } from './connectivity-docs.js';
import { DEFAULT_SECONDS, MOST_SECONDS } from './plan-trace.js';
import { described, flag, list, nullable, object, orNull, text } from './schema-parts.js';

const verdict: Schema = { enum: ['agree', 'disagree', 'unknown'] };
const chain = { family: text, table: text, chain: text };
const hop = object({
  ...chain,
  kind: { enum: ['rule', 'return', 'policy'] },
  handle: described(orNull('integer'), 'As `nft -a list` shows it.'),
  rule: described(orNull('string'), "The rule in nft's words."),
  verdict: { enum: TRACE_VERDICTS },
  target: described(orNull('string'), 'The chain that it went to.'),
  iif: orNull('string'),
  oif: orNull('string'),
  packet: nullable(seenPacket),
  counters: described(
    list(object({ name: text, before: { type: 'integer' }, after: { type: 'integer' } })),
    'Packets in those of which the rule counts in one, before the packet was sent and after: those first that have grown.',
  ),
});
const account = object({
  revision: described(orNull('integer'), 'The host state that was programmed.'),
  version: described(text, "The agent's."),
  kernel: text,
  is_complete: described(flag, 'False: the kernel told more than was kept.'),
  packets: list(object({ hops: list(hop) })),
  chains: described(list(object({ ...chain, text })), 'Every chain that a packet visited.'),
});
const trace = object({
  verdict,
  explanation,
  revision: described({ type: 'integer' }, "The server's, when it explained."),
  sent: object({
    host: text,
    endpoint: described(text, 'The port whose tap the packet came in by.'),
    source: text,
    destination: text,
    protocol: { type: 'integer' },
    port: orNull('integer'),
    mark: described(
      { type: 'integer' },
      "The sender's port, or the identifier of the echo: chosen at random unless `source_port` says it.",
    ),
  }),
  findings: list(
    object({
      host: text,
      direction: { enum: ['forward', 'reply'] },
      verdict,
      expected: text,
      seen: text,
      packet: described(orNull('integer'), "Among the host's packets; null: it saw none."),
    }),
  ),
  notes: list(text),
  hosts: list(object({ host: text, problem: described(orNull('string'), 'Why the host told nothing.'), account: nullable(account) })),
});

/** What `POST /v2.0/connectivity/trace` says of itself. */
export const TRACE_DOC: OperationDoc = {
  summary:
    "Explains a flow, has one packet of it sent at its sender's tap, and holds what the kernels of all hosts on its way did with it against that. For administrators.",
  tag: 'connectivity',
  body: wrapped('connectivity', {
    ...EXPLAIN_QUESTION,
    properties: {
      ...EXPLAIN_QUESTION.properties,
      timeout: {
        type: 'integer',
        minimum: 1,
        maximum: MOST_SECONDS,
        default: DEFAULT_SECONDS,
        description: 'Seconds that the packet and an answer are waited for.',
      },
    },
  }),
  answers: { '200': object({ connectivity: object({ traces: list(trace) }) }) },
};
