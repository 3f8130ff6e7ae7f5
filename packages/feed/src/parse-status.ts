import { type GroupInterest, isDropReason, isProblem, isRoutedGroup, type Problem } from '@manx/hoststate';
import { familyOf, type Ip } from '@manx/ip';
import { type Check, exactly, listOf, nullable, oneOf, readJson, revision, text, whole } from './check.js';
import { address, id, mac, packet } from './check-packet.js';
import {
  EVENTS_OF_A_PLACE,
  MAX_EVENT_LOGS,
  MAX_EVENT_PLACES,
  MAX_INTERESTS,
  MAX_LISTENERS,
  MAX_PHYSICAL_NETWORK,
  MAX_PHYSICAL_NETWORKS,
  MAX_REPORT_ITEMS,
  MAX_REPORT_TEXT,
  MAX_REPORTED_DROPS,
  MAX_SAMPLED_PLACES,
  MAX_SOURCES_OF_LISTENER,
  type ReportedListener,
  SAMPLES_OF_A_PLACE,
  type StatusReport,
} from './messages.js';

const short = text(255);
const long = text(MAX_REPORT_TEXT);
const v4: Check = (value, at) => address(value, at) ?? (familyOf(value as Ip) === 4 ? null : `${at}: expected an IPv4 address`);
/** A group that goes beyond the link, and a source of its family. */
const interest: Check = (value, at) => {
  const complaint = exactly({ group: address, source: nullable(address) })(value, at);
  if (complaint !== null) return complaint;
  const { group, source } = value as GroupInterest;
  const isRight = isRoutedGroup(group) && (source === null || familyOf(source) === familyOf(group));
  return isRight ? null : `${at}: expected a multicast group, and a source of its family`;
};
const listener: Check = (value, at) => {
  const sources = listOf(address, MAX_SOURCES_OF_LISTENER);
  const complaint = exactly({ endpoint: id, group: address, mode: oneOf('include', 'exclude'), sources })(value, at);
  if (complaint !== null) return complaint;
  const { group, sources: named } = value as ReportedListener;
  const isRight = isRoutedGroup(group) && named.every((source) => familyOf(source) === familyOf(group));
  return isRight ? null : `${at}: expected a multicast group, and sources of its family`;
};
const milliseconds = whole('a number of milliseconds');
const amount = whole('a count');
const rate: Check = (value, at) => (Number.isFinite(value) && Number(value) >= 0 ? null : `${at}: expected a rate`);
/** An interface name, or a floating IP: it is shown to people, so no space or control character is in it. */
const place = text(45, /^[\x21-\x7E]+$/);
const reason: Check = (value, at) => (typeof value === 'string' && isDropReason(value) ? null : `${at}: expected a reason`);
const drop = exactly({
  endpoint: nullable(id),
  at: place,
  reason,
  packets: amount,
  bytes: amount,
  rate,
  firstAgeMs: milliseconds,
  lastAgeMs: milliseconds,
});
const sample = exactly({ number: revision, endpoint: nullable(id), at: place, reason, mac: nullable(mac), packet, ageMs: milliseconds });
const event = exactly({
  number: revision,
  endpoint: id,
  direction: oneOf('egress', 'ingress'),
  reason: nullable(reason),
  logs: listOf(id, MAX_EVENT_LOGS),
  policy: nullable(id),
  rule: nullable(id),
  packet,
  ageMs: milliseconds,
});
const instant = text(32, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/);

const report: Check = exactly({
  run: id,
  revision,
  isFull: oneOf(true, false),
  endpoints: listOf(exactly({ id, state: oneOf('up', 'arrived', 'down', 'error'), revision, problem: nullable(long) }), MAX_REPORT_ITEMS),
  claims: nullable(listOf(exactly({ endpoint: id, ip: address, ageMs: nullable(milliseconds) }), MAX_REPORT_ITEMS)),
  drops: nullable(listOf(drop, MAX_REPORTED_DROPS)),
  samples: nullable(listOf(sample, MAX_SAMPLED_PLACES * SAMPLES_OF_A_PLACE)),
  events: nullable(listOf(event, MAX_EVENT_PLACES * EVENTS_OF_A_PLACE)),
  agent: nullable(
    exactly({
      version: short,
      startedAt: instant,
      physicalNetworks: listOf(text(MAX_PHYSICAL_NETWORK), MAX_PHYSICAL_NETWORKS),
      bgp: listOf(exactly({ name: short, state: short }), MAX_REPORT_ITEMS),
      multicast: nullable(exactly({ address: v4, groups: listOf(interest, MAX_INTERESTS) })),
      listeners: listOf(listener, MAX_LISTENERS),
      problems: listOf(exactly({ code: short, subject: short, detail: long, since: instant }), MAX_REPORT_ITEMS),
      drift: exactly({ repairs: revision, lastAt: nullable(instant), last: nullable(long) }),
    }),
  ),
});

const malformed = (detail: string): Problem => ({ code: 'malformed', subject: 'report', detail });

/** Reads the text of a report from a host, of which nothing is trusted: exactly the known fields, every size bounded, an endpoint once. */
export function parseStatusReport(json: string): StatusReport | Problem {
  const read = readJson(json, report, 'report');
  if (isProblem(read)) return read;
  const checked = read.value as StatusReport;
  const ids = new Set(checked.endpoints.map((endpoint) => endpoint.id));
  if (ids.size !== checked.endpoints.length) return malformed('report.endpoints: an endpoint is there twice');
  const ips = new Set(checked.claims?.map((claim) => claim.ip));
  return ips.size === (checked.claims?.length ?? 0) ? checked : malformed('report.claims: an address is there twice');
}
