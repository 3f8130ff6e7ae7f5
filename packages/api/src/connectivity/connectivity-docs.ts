import { SAMPLES_OF_A_PLACE } from '@manx/feed';
import { DROP_REASONS } from '@manx/hoststate';
import type { OperationDoc, Schema } from '../openapi/operation-doc.js';
import { wrapped } from '../openapi/resource-schemas.js';
import { described, flag, list, nullable, object, orNull, text } from './schema-parts.js';

const answer: Schema = { enum: ['allowed', 'refused', 'allowed-here'], description: '`allowed-here`: as far as the asker may see.' };
const ports = nullable(object({ from: { type: 'integer' }, to: { type: 'integer' } }));
const icmp = nullable(object({ type: { type: 'integer' }, code: orNull('integer') }));
const rule = object({
  direction: { enum: ['ingress', 'egress'] },
  family: { enum: [4, 6] },
  protocol: orNull('integer'),
  ports,
  icmp,
  remote: text,
});
const openings: readonly Schema[] = [
  object({ kind: { const: 'rule' }, policy: text, rule, text }),
  object({ kind: { const: 'policy' }, endpoint: text, rule, text }),
  object({ kind: { const: 'enable' }, endpoint: text, text }),
  object({ kind: { const: 'pair' }, endpoint: text, cidr: text, text }),
  object({ kind: { const: 'forward' }, ip: text, protocol: { type: 'integer' }, port: orNull('integer'), text }),
  object({ kind: { const: 'bind' }, endpoint: text, text }),
  { type: 'null' },
];
const step = object({
  kind: { enum: ['tap', 'source-check', 'policy', 'translation', 'route', 'fabric', 'host', 'end'] },
  host: orNull('string'),
  passes: flag,
  text,
  endpoint: described(orNull('string'), 'The port.'),
  policy: described(orNull('string'), 'The security group that lets it pass.'),
  rule: described(orNull('string'), 'The security group rule that lets it pass.'),
  translation: nullable(object({ what: { enum: ['destination', 'source'] }, ip: text, port: orNull('integer') })),
});
const passage = object({ answer, steps: list(step) });
const end = object({
  kind: { enum: ['port', 'outside', 'host', 'link', 'nobody', 'elsewhere'] },
  ip: text,
  endpoint: orNull('string'),
  name: orNull('string'),
  host: orNull('string'),
  ifname: orNull('string'),
  by: { enum: ['fixed', 'pair', 'floating', 'forward', 'group', null] },
  is_secured: orNull('boolean'),
  is_stateful: orNull('boolean'),
  mtu: orNull('integer'),
});
const blocker = object({
  code: {
    enum: [
      'endpoint-down',
      'no-policy',
      'no-rule',
      'source-not-own',
      'no-such-address',
      'unbound',
      'binding-failed',
      'not-compiled',
      'not-forwarded',
      'link-only',
      'no-listener',
      'source-not-wanted',
      'no-tunnel',
      'host-service',
      'answers-elsewhere',
    ],
  },
  direction: { enum: ['forward', 'reply'] },
  side: { enum: ['source', 'destination'] },
  host: orNull('string'),
  endpoint: orNull('string'),
  policies: list(text),
  text,
  opening: described({ anyOf: openings }, 'The smallest change that takes this blocker away.'),
});
const warning = object({
  code: {
    enum: [
      'host-not-heard-of',
      'not-programmed',
      'port-assumed',
      'spread',
      'answers-spread',
      'holder-down',
      'rate-limited',
      'source-nat',
      'more-listeners',
    ],
  },
  host: orNull('string'),
  text,
});
const way = object({
  answer,
  source: end,
  destination: end,
  forward: passage,
  reply: nullable(passage),
  mtu: orNull('integer'),
  blockers: list(blocker),
  warnings: list(warning),
});
/** The flow of an explanation or a matrix, every part of it said. */
const flowSchema = object({
  family: { enum: [4, 6] },
  protocol: { type: 'integer' },
  protocol_name: text,
  source: text,
  destination: text,
  port: orNull('integer'),
  from_port: orNull('integer'),
  icmp,
});
/** One explanation. */
export const explanation = object({ flow: flowSchema, answer: { enum: ['allowed', 'refused', 'allowed-here', 'mixed'] }, ways: list(way) });

/** What a request says of a flow. */
const FLOW_PROPERTIES: { readonly [name: string]: Schema } = {
  protocol: { type: ['string', 'integer'], description: 'A name that security group rules take, or a number.' },
  port: described(orNull('integer'), 'Destination port; required with protocols that have ports.'),
  source_port: orNull('integer'),
  icmp_type: described(orNull('integer'), 'A ping where none is said.'),
  icmp_code: orNull('integer'),
  ip_version: { enum: [4, 6, null], description: 'Both that the ends have where none is said.' },
};

/** What a question about a flow says. */
export const EXPLAIN_QUESTION = {
  type: 'object',
  properties: {
    source: described(text, 'An address; a port by id or name; an instance by id; or `group:` and a security group.'),
    destination: text,
    ...FLOW_PROPERTIES,
  },
  required: ['source', 'destination', 'protocol'],
  additionalProperties: false,
} as const satisfies Schema;

/** What `POST /v2.0/connectivity/explain` says of itself. */
export const EXPLAIN_DOC: OperationDoc = {
  summary: 'Says whether a flow passes, by which way and rule, everything that blocks it, and what would open it.',
  tag: 'connectivity',
  body: wrapped('connectivity', EXPLAIN_QUESTION),
  answers: { '200': object({ connectivity: object({ explanations: list(explanation) }) }) },
};

const seenIp = object({
  kind: { const: 'ip' },
  source: text,
  destination: text,
  protocol: { type: 'integer' },
  sport: orNull('integer'),
  dport: orNull('integer'),
  icmp: nullable(object({ type: { type: 'integer' }, code: { type: 'integer' } })),
  tcp_flags: described(orNull('integer'), 'FIN is the lowest bit.'),
  length: described({ type: 'integer' }, 'Bytes, as the IP header says.'),
});
const seenArp = object({ kind: { const: 'arp' }, operation: { type: 'integer' }, sender_mac: text, sender: text, target: text });
const seenOther = object({ kind: { const: 'other' }, ether_type: { type: 'integer' } });
/** The headers of a packet. */
export const seenPacket: Schema = { anyOf: [seenIp, seenArp, seenOther] };
const sample = object({
  seen_at: text,
  text: described(text, 'The packet in a line.'),
  mac: described(orNull('string'), 'The MAC that a port sent it with; null of what is sent to a port.'),
  packet: seenPacket,
  peers: described(list(text), 'What the ports at the other end are called, of those that the asker may see.'),
  check: described(orNull('string'), 'The rule that is missing, or the check that it failed.'),
  opening: described(orNull('string'), 'The smallest change that lets such a packet pass this check, as a command.'),
});
const drop = object({
  host: described(orNull('string'), 'Null for who is no administrator.'),
  port_id: described(orNull('string'), 'Null: the interface is of no port that the host knows.'),
  port_name: orNull('string'),
  project_id: orNull('string'),
  at: described(text, 'The tap, or the floating IP.'),
  reason: { enum: Object.keys(DROP_REASONS) },
  direction: { enum: ['egress', 'ingress'] },
  packets: { type: 'integer' },
  bytes: { type: 'integer' },
  packets_per_second: described({ type: 'number' }, 'When they were last counted; 0 when none were.'),
  first_seen_at: text,
  last_seen_at: text,
  meaning: text,
  advice: text,
  samples: described(list(sample), 'The latest packets of it, as many as were asked for.'),
});

/** What `GET /v2.0/connectivity/drops` says of itself. */
export const DROPS_DOC: OperationDoc = {
  summary: 'Says what the hosts drop, by port and reason, since this server heard of it: the latest first.',
  tag: 'connectivity',
  query: {
    port_id: { type: 'string', description: 'Of this port; repeated: of any of these.' },
    samples: {
      type: 'string',
      description: `How many of its latest packets are told of each drop: 0 to ${SAMPLES_OF_A_PLACE}, 0 unless said; of the latest 500 at most.`,
    },
    port: { type: 'string', description: 'Of a port or instance by id or name, or of an address; it must be there.' },
  },
  answers: {
    '200': object({
      drops: list(drop),
      ports: described(
        list(object({ id: text, name: text, status: text, blockers: list(text) })),
        'What `port` stands for, and what keeps each from the network altogether.',
      ),
    }),
  },
};

const logged = object({
  seen_at: text,
  action: { enum: ['ACCEPT', 'DROP'] },
  direction: { enum: ['egress', 'ingress'] },
  reason: described({ enum: [...Object.keys(DROP_REASONS), null] }, 'Why it was dropped; null: it was accepted.'),
  host: described(orNull('string'), 'Null for who is no administrator.'),
  port_id: text,
  port_name: described(orNull('string'), 'Null: the port is gone.'),
  log_ids: described(list(text), 'The logs that asked for it, of those that the asker may see.'),
  security_group_id: described(
    orNull('string'),
    'The group that let it pass; null where it was dropped, or its rules were others by then.',
  ),
  security_group_name: orNull('string'),
  security_group_rule_id: orNull('string'),
  text: described(text, 'The packet in a line.'),
  packet: seenPacket,
});

/** What `GET /v2.0/connectivity/logged` says of itself. */
export const LOGGED_DOC: OperationDoc = {
  summary:
    'Says which packets the logs of the `logging` API asked for, the latest last: a few of each log and port, as this server heard of them.',
  tag: 'connectivity',
  query: {
    port_id: { type: 'string', description: 'Of this port; repeated: of any of these.' },
    port: { type: 'string', description: 'Of a port or instance by id or name, or of an address; it must be there.' },
    log_id: { type: 'string', description: 'Asked for by this log; repeated: by any of these.' },
    after: { type: 'string', description: 'The `cursor` of an earlier answer: only what was heard of since.' },
  },
  answers: { '200': object({ logged: list(logged), cursor: text }) },
};

const labels = list(object({ id: text, name: text, ports: { type: 'integer' } }));
const kinds: Schema = { enum: ['group', 'project', 'network', 'host', 'port'] };

/** What `POST /v2.0/connectivity/matrix` says of itself. */
export const MATRIX_DOC: OperationDoc = {
  summary: 'Says who reaches whom: of how many pairs of ports a flow passes, by group, project, network, host or port.',
  tag: 'connectivity',
  body: wrapped('connectivity_matrix', {
    type: 'object',
    properties: {
      by: { ...kinds, default: 'group' },
      source: described(orNull('string'), 'Only these senders: a port or instance, or `group:` and a security group.'),
      destination: orNull('string'),
      ...FLOW_PROPERTIES,
    },
    required: ['protocol'],
    additionalProperties: false,
  }),
  answers: {
    '200': object({
      connectivity_matrix: object({
        by: kinds,
        flow: object({
          family: { enum: [4, 6] },
          protocol: { type: 'integer' },
          port: orNull('integer'),
          from_port: orNull('integer'),
          icmp,
        }),
        sources: labels,
        destinations: labels,
        cells: list(list(object({ pairs: { type: 'integer' }, allowed: { type: 'integer' } }))),
      }),
    }),
  },
};
