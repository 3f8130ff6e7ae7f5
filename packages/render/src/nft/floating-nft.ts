import type { Endpoint, PortForward, RateLimit } from '@manx/hoststate';
import type { NftChain } from '../host-plan.js';
import { limitRule } from './limit-rule.js';
import { limitChain } from './names.js';

/** What an endpoint's floating IPs and forwards put into the sets and maps of translation. */
export type FloatingNft = {
  /** Each address, and itself: what is asked for by it, when it has to answer by it. */
  readonly floatingSelf: ReadonlyArray<readonly [string, string]>;
  /** Floating IP to fixed IP. */
  readonly floatingIn: ReadonlyArray<readonly [string, string]>;
  /** Fixed IP to the floating IP that it sends as. */
  readonly floatingOut: ReadonlyArray<readonly [string, string]>;
  /** An instance that asks for its own address. */
  readonly hairpins: readonly string[];
  /** Address, protocol and port to fixed IP and port; and ranges of ports that stay as they are to a fixed IP. */
  readonly forwards: ReadonlyArray<readonly [string, string]>;
  readonly forwardRanges: ReadonlyArray<readonly [string, string]>;
  /** The chain that limits what goes to, or comes from, a floating IP, by name; and the verdict that sends its packets there, by address. */
  readonly limitChains: ReadonlyArray<readonly [string, NftChain]>;
  readonly limitsIn: ReadonlyArray<readonly [string, string]>;
  readonly limitsOut: ReadonlyArray<readonly [string, string]>;
};

const NO_LIMITS = { limitChains: [], limitsIn: [], limitsOut: [] };
const NONE: FloatingNft = {
  floatingSelf: [],
  floatingIn: [],
  floatingOut: [],
  hairpins: [],
  forwards: [],
  forwardRanges: [],
  ...NO_LIMITS,
};

const PROTOCOLS = { 6: 'tcp', 17: 'udp', 132: 'sctp' } as const;

/** The elements of an endpoint's floating IPs and forwards. */
export function renderFloating({ floating, forwards, floatingLimits }: Endpoint): FloatingNft {
  if (floating.length + forwards.length === 0) return NONE;
  const asked = new Set([...floating, ...forwards].map(({ ip }) => ip));
  const behind = new Set([...floating, ...forwards].map(({ fixed }) => fixed));
  const plain = forwards.filter(hasSamePorts);
  return {
    floatingSelf: [...asked].map((ip) => [ip, ip]),
    floatingIn: floating.map(({ ip, fixed }) => [ip, fixed]),
    // Later ones do not replace the first.
    floatingOut: [...new Map(floating.toReversed().map(({ ip, fixed }) => [fixed, ip]))],
    hairpins: [...behind].map((ip) => `${ip} . ${ip}`),
    forwards: forwards.filter((forward) => !hasSamePorts(forward)).flatMap(eachPort),
    forwardRanges: plain.map(({ ip, protocol, from, to, fixed }) => [`${ip} . ${PROTOCOLS[protocol]} . ${portsText(from, to)}`, fixed]),
    ...renderLimits(floatingLimits),
  };
}

function renderLimits(all: Endpoint['floatingLimits']): Pick<FloatingNft, 'limitChains' | 'limitsIn' | 'limitsOut'> {
  const limits = all.flatMap(({ ip, limits: own }) => own.map((limit) => ({ ip, limit, name: limitChain(limit.direction, ip) })));
  const verdicts = (direction: RateLimit['direction']): Array<readonly [string, string]> =>
    limits.filter(({ limit }) => limit.direction === direction).map(({ ip, name }) => [ip, `goto ${name}`]);
  return {
    limitChains: limits.map(({ limit, name }) => [name, { hook: null, rules: [limitRule(limit, `floating-${limit.direction}-rate`)] }]),
    limitsIn: verdicts('ingress'),
    limitsOut: verdicts('egress'),
  };
}

function hasSamePorts({ from, to, fixedFrom, fixedTo }: PortForward): boolean {
  return from === fixedFrom && to === fixedTo;
}

/** nft cannot say a range that is shifted as a whole: an element a port. */
function eachPort({ ip, protocol, from, to, fixed, fixedFrom, fixedTo }: PortForward): Array<readonly [string, string]> {
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const port = fixedFrom === fixedTo ? fixedFrom : fixedFrom + i;
    return [`${ip} . ${PROTOCOLS[protocol]} . ${from + i}`, `${fixed} . ${port}`] as const;
  });
}

function portsText(from: number, to: number): string {
  return from === to ? `${from}` : `${from}-${to}`;
}
