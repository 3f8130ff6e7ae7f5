import { type Endpoint, NO_QOS } from '@manx/hoststate';
import { asIp } from '@manx/ip';
import { describe, expect, it } from 'vitest';
import { renderHost } from '../render-host.js';
import { runBaseChain } from '../testing/nft-evaluator/run-chains.js';
import { endpoint, policy, rule, SETTINGS, stateless, stateOf } from '../testing/states.js';

const web = policy('web', [rule('r1', { direction: 'egress', protocol: 17 })]);
const bare = stateless(policy('bare', [rule('r2', { direction: 'egress', protocol: 17 })]));

/** Which rule decides about a packet, by the tap of `who`, of a flow that has been let through before. */
const decidedBy = (who: Endpoint, protocol: 'tcp' | 'udp', others: readonly Endpoint[] = []): string => {
  const [inet] = renderHost(stateOf([web, bare, who, ...others]), SETTINGS).tables;
  if (inet === undefined) throw new Error('a plan without tables');
  const [source, destination] = [asIp('10.65.0.2'), asIp('10.65.0.9')];
  const { verdict, by } = runBaseChain(inet, 'forward-from', {
    packet: {
      iif: who.ifname,
      oif: 'eth0',
      etherSource: who.mac,
      source,
      destination,
      protocol: protocol === 'tcp' ? 6 : 17,
      sport: 7,
      dport: 9,
      icmp: null,
      isSyn: false,
    },
    tracked: { state: 'established', direction: 'original', isDnat: false, originalDestination: destination },
    fib: { isLocal: () => false, oifOf: () => null },
  });
  return `${verdict} by ${by}`;
};

const who = (more: Partial<Omit<Endpoint, 'policies'>> & { readonly policies?: readonly string[] } = {}): Endpoint =>
  endpoint('a', 1, { ips: ['10.65.0.2'], policies: ['web'], ...more });

describe('S16: packets of flows that are known', () => {
  it('end before the lookup of their tap, where no rule is for every packet', () => {
    expect(decidedBy(who(), 'tcp')).toBe('accept by forward-from: ct state established,related accept');
    expect(decidedBy(who({ isSecured: false, policies: [] }), 'tcp')).toMatch(/^accept by forward-from: ct state/);
  });

  it('do so beside taps that have one', () => {
    const marked = endpoint('b', 2, { ips: ['10.65.0.3'], policies: ['web'], qos: { ...NO_QOS, dscp: 10 } });
    expect(decidedBy(who(), 'tcp', [marked])).toBe('accept by forward-from: iifname != @checked ct state established,related accept');
  });

  it.each([
    ['a limit of packets', { qos: { ...NO_QOS, limits: [{ direction: 'egress', unit: 'packets', rate: 100, burst: 10 }] } }],
    ['a mark', { qos: { ...NO_QOS, dscp: 10 } }],
  ] as const)('meet %s, which is for every packet', (_, more) => {
    expect(decidedBy(who(more), 'tcp')).toBe('accept by stateful-egress: ct state established,related accept');
  });

  it('are asked for one by one by stateless groups', () => {
    expect(decidedBy(who({ policies: ['bare'] }), 'udp')).toMatch(/^accept by egress-bare: /);
    expect(decidedBy(who({ policies: ['bare'] }), 'tcp')).toMatch(/^drop by drop-egress-policy: /);
  });
});
