import type { DropReason, HostName } from '@manx/hoststate';
import type { Blocker, BlockerCode, Passage, Step, Way } from '../explanation.js';

/** What an explanation says that a host does with a packet. */
export type Expectation =
  /** It sends it on, to another host or out of the cloud. */
  | { readonly kind: 'sends-on' }
  /** It gives it to this tap. */
  | { readonly kind: 'delivers'; readonly tap: string }
  /** It takes it for itself. */
  | { readonly kind: 'keeps' }
  /** It drops it, for one of these reasons. */
  | { readonly kind: 'drops'; readonly reasons: readonly DropReason[]; readonly text: string }
  /** It has nobody to give it to: whatever it does, it gives it to no tap. */
  | { readonly kind: 'gives-to-nobody'; readonly text: string }
  /** It does not get to see it: it is stopped before. */
  | { readonly kind: 'sees-nothing' };

type Direction = 'forward' | 'reply';

/** By which names hosts drop what an explanation calls blocked. What is not here is for nobody: it goes wherever routes lead. */
const REASONS: { readonly [C in BlockerCode]?: { readonly [S in Blocker['side']]: readonly DropReason[] } } = {
  'no-rule': { source: ['egress-policy'], destination: ['ingress-policy'] },
  'no-policy': { source: ['egress-policy'], destination: ['ingress-policy'] },
  'source-not-own': { source: ['source'], destination: ['source'] },
  // Link-local destinations, and those that an operator protects, are dropped before they come to the host's services.
  'host-service': { source: ['host-service'], destination: ['host-service', 'protected', 'link-scope'] },
};

/** The hosts that see a packet of the way, or would, in order. */
export function hostsOf(way: Way, direction: Direction): readonly HostName[] {
  const steps = way[direction]?.steps ?? [];
  return [...new Set(steps.flatMap(({ host }) => host ?? []))];
}

/** What each host of the way does with its packet in this direction. */
export function expectationsOf(way: Way, direction: Direction): ReadonlyMap<HostName, Expectation> {
  const passage = way[direction];
  if (passage === null) return new Map();
  const hosts = hostsOf(way, direction);
  const stop = passage.steps.findIndex(({ passes }) => !passes);
  return new Map(hosts.map((host) => [host, stop < 0 ? passing(way, direction, host) : stopping(way, { direction, passage, host, stop })]));
}

type Stop = { readonly direction: Direction; readonly passage: Passage; readonly host: HostName; readonly stop: number };

function passing(way: Way, direction: Direction, host: HostName): Expectation {
  const end = direction === 'forward' ? way.destination : way.source;
  if (end.kind === 'host' && direction === 'forward') return { kind: 'keeps' };
  return end.kind === 'port' && end.ifname !== null && end.host === host ? { kind: 'delivers', tap: end.ifname } : { kind: 'sends-on' };
}

function stopping(way: Way, { direction, passage, host, stop }: Stop): Expectation {
  const step = passage.steps[stop] as Step;
  const blocker = way.blockers.find((one) => one.direction === direction && isOf(one, step));
  const first = passage.steps.findIndex((one) => one.host === host);
  const code = blocker?.code ?? null;
  if (code === 'endpoint-down' && blocker?.side === 'source' && direction === 'forward')
    return step.host === host ? { kind: 'drops', reasons: ['port-down'], text: blocker.text } : { kind: 'sees-nothing' };
  const reasons = code === null ? undefined : REASONS[code];
  // Whom nobody answers for, or who is cut off, has no route either: where a packet to it ends is not said.
  if (blocker === undefined || reasons === undefined) return { kind: 'gives-to-nobody', text: step.text };
  if (step.host === host) return { kind: 'drops', reasons: reasons[sideIn(blocker, direction)], text: step.text };
  return first > stop ? { kind: 'sees-nothing' } : { kind: 'sends-on' };
}

/** A policy of the sender's end drops the answers that come in there, not what goes out. */
function sideIn({ side }: Blocker, direction: Direction): Blocker['side'] {
  if (direction === 'forward') return side;
  return side === 'source' ? 'destination' : 'source';
}

/** A tap that is shut says more in its blocker than in its step. */
function isOf({ code, text, endpoint }: Blocker, step: Step): boolean {
  return step.kind === 'tap' ? code === 'endpoint-down' && endpoint === step.endpoint : text === step.text;
}
