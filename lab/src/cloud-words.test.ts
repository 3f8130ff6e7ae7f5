import { describe, expect, it } from 'vitest';
import { parseExpectation, parseRule } from './cloud-words.js';

const both = (rule: object): object[] => [
  { ...rule, ethertype: 'IPv4' },
  { ...rule, ethertype: 'IPv6' },
];

describe('rules in words', () => {
  it.each([
    ['tcp/80 from any', both({ direction: 'ingress', protocol: 'tcp', port_range_min: 80, port_range_max: 80 })],
    [
      'udp/1000-2000 from group:web',
      both({ direction: 'ingress', protocol: 'udp', port_range_min: 1000, port_range_max: 2000, remoteGroup: 'web' }),
    ],
    ['icmp to any', both({ direction: 'egress', protocol: 'icmp' })],
    ['any from any', both({ direction: 'ingress' })],
    ['to any', both({ direction: 'egress' })],
    ['sctp from 10.65.0.0/24', [{ direction: 'ingress', protocol: 'sctp', ethertype: 'IPv4', remote_ip_prefix: '10.65.0.0/24' }]],
    [
      'tcp/22 from 2001:db8::/32',
      [
        {
          direction: 'ingress',
          protocol: 'tcp',
          port_range_min: 22,
          port_range_max: 22,
          ethertype: 'IPv6',
          remote_ip_prefix: '2001:db8::/32',
        },
      ],
    ],
  ])('"%s" means what it says, a rule a family', (text, rules) => {
    expect(parseRule(text)).toEqual(rules);
  });

  it.each([
    '',
    'tcp/80',
    'tcp/80 any',
    'tcp/0 from any',
    'tcp/65536 from any',
    'tcp/1-2-3 from any',
    'tcp/80/90 from any',
    'icmp/8 from any',
    'tcp/80 from group:',
    'tcp/80 from 10.65.0.1/24',
    'tcp/80 from 10.65.0',
    'tcp 80 from any',
    'TCP/80 from any',
    'tcp/80 into any',
  ])('"%s" is no rule', (text) => {
    expect(parseRule(text)).toBeNull();
  });
});

describe('expectations', () => {
  it('the line of the first page: web -> db tcp/5432: allowed', () => {
    expect(parseExpectation('web -> db tcp/5432', 'allowed')).toEqual({
      text: 'web -> db tcp/5432: allowed',
      from: 'web',
      to: 'db',
      service: { kind: 'tcp', port: 5432, family: 4 },
      isAllowed: true,
      source: null,
    });
  });

  it.each([
    ['a -> b ping', 'denied', { service: { kind: 'ping', family: 4 }, isAllowed: false, source: null }],
    ['a->b udp/53 v6', 'allowed', { service: { kind: 'udp', port: 53, family: 6 }, isAllowed: true, source: null }],
    ['left -> right ping', 'allowed, source 10.65.0.2', { isAllowed: true, source: '10.65.0.2' }],
  ])('"%s: %s"', (flow, outcome, expected) => {
    expect(parseExpectation(flow, outcome)).toMatchObject(expected);
  });

  it.each([
    ['a -> b', 'allowed'],
    ['a b ping', 'allowed'],
    ['a -> b tcp', 'allowed'],
    ['a -> b tcp/0', 'allowed'],
    ['a -> b ping v5', 'allowed'],
    ['a -> b ping', 'maybe'],
    ['a -> b ping', 'denied, source 10.0.0.1'],
    ['a -> b tcp/80 v4 twice', 'allowed'],
  ])('"%s: %s" is none', (flow, outcome) => {
    expect(parseExpectation(flow, outcome)).toBeNull();
  });
});
