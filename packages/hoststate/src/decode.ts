import { HOST_STATE_FORMAT } from './encode.js';
import type { AddressSet, BgpPeer, Endpoint, HostState, Policy, PortNames, Subnet } from './host-state.js';
import { parseHostObject } from './parse-host-object.js';
import { isProblem, type Problem, shown } from './problem.js';

/**
 * Reads what `encodeHostState` wrote, as strictly as messages are read. A text of another format or version, a torn one,
 * a malformed or repeated object is a problem (`host-state-format`, `host-state-torn`, `malformed`, `duplicate`) whose
 * subject names the line. The order of the lines does not matter. References are not followed: see `danglingReferences`.
 */
export function decodeHostState(text: string): HostState | Problem {
  const lines = text.split('\n');
  const head = parseLine(lines[0] ?? '');
  if (!isHead(head)) return { code: 'host-state-format', subject: 'line 1', detail: `expected ${JSON.stringify(HOST_STATE_FORMAT)}` };
  const count = lines.length - 3;
  const end = parseLine(lines.at(-2) ?? '');
  if (lines.at(-1) !== '' || count < 0 || !isEnd(end, count)) {
    return {
      code: 'host-state-torn',
      subject: `line ${lines.length - 1}`,
      detail: `expected an end that counts ${Math.max(count, 0)} objects`,
    };
  }
  return collect(lines.slice(1, 1 + count));
}

function collect(lines: readonly string[]): HostState | Problem {
  const endpoints = new Map<string, Endpoint>();
  const policies = new Map<string, Policy>();
  const sets = new Map<string, AddressSet>();
  const subnets = new Map<string, Subnet>();
  const names = new Map<string, PortNames>();
  const bgpPeers = new Map<string, BgpPeer>();
  const maps = { endpoint: endpoints, policy: policies, set: sets, subnet: subnets, names, 'bgp-peer': bgpPeers } as const;
  for (const [index, line] of lines.entries()) {
    const object = parseHostObject(parseLine(line));
    if (isProblem(object)) return { ...object, subject: `line ${index + 2}: ${object.subject}` };
    const map: Map<string, unknown> = maps[object.kind];
    if (map.has(object.id))
      return { code: 'duplicate', subject: `line ${index + 2}`, detail: `${object.kind} ${object.id} is there already` };
    map.set(object.id, object);
  }
  return { endpoints, policies, sets, subnets, names, bgpPeers };
}

/** The JSON value of a line; text that is no JSON gives itself, which no reader of this room accepts. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return `not JSON: ${shown(line)}`;
  }
}

function isHead(value: unknown): boolean {
  return JSON.stringify(value) === JSON.stringify(HOST_STATE_FORMAT);
}

function isEnd(value: unknown, count: number): boolean {
  return JSON.stringify(value) === JSON.stringify({ end: count });
}
