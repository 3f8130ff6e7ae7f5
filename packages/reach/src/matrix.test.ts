import { type AddressSet, asHostName, type HostState } from '@manx/hoststate';
import { familyOf } from '@manx/ip';
import { addressSet, endpoint, policy, rule, stateOf, subnet } from '@manx/render/testing/states';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cloudOf } from './cloud-of.js';
import { explain } from './explain.js';
import { formatMatrix } from './format-matrix.js';
import { connectivityMatrix, type Matrix } from './matrix.js';
import { matrixSvg } from './matrix-svg.js';
import { randomClouds, randomFlows } from './testing/random-cloud.js';

const label = (id: string, ...endpoints: readonly string[]): { id: string; name: string; endpoints: readonly string[] } => ({
  id,
  name: id,
  endpoints,
});

/** Each port once, also one that is on its way from one host to another. */
const portsOf = (states: ReadonlyMap<unknown, HostState>): readonly string[] => [
  ...new Set([...states.values()].flatMap(({ endpoints }) => [...endpoints.keys()])),
];

describe('connectivityMatrix', () => {
  it('S30: says of every two ports what explain says', () => {
    fc.assert(
      fc.property(randomClouds, randomFlows, (states, { to, protocol, dport, sport, icmp }) => {
        const cloud = cloudOf(states);
        const family = familyOf(to);
        const flow = { protocol, port: dport, fromPort: sport, icmp };
        const ends = portsOf(states).flatMap((id) => cloud.placeOf(id)?.endpoint ?? []);
        const labels = ends.map(({ id }) => label(id, id));
        const { cells } = connectivityMatrix(cloud, { family, flow, sources: labels, destinations: labels });
        for (const [r, from] of ends.entries()) {
          for (const [c, target] of ends.entries()) {
            const [source, destination] = [from, target].map(({ id, addresses }) => ({
              ip: addresses.find(({ ip }) => familyOf(ip) === family)?.ip,
              endpoint: id,
              absence: null,
            }));
            if (from === target) expect(cells[r]?.[c]).toEqual({ pairs: 0, allowed: 0 });
            else if (source?.ip === undefined || destination?.ip === undefined) expect(cells[r]?.[c]).toEqual({ pairs: 1, allowed: 0 });
            else {
              const { answer } = explain(cloud, {
                source: { ...source, ip: source.ip },
                destination: { ...destination, ip: destination.ip },
                ...flow,
              });
              expect(cells[r]?.[c]).toEqual({ pairs: 1, allowed: answer === 'allowed' ? 1 : 0 });
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('counts the pairs of two labels, a port with itself left out', () => {
    fc.assert(
      fc.property(randomClouds, randomFlows, (states, { to, protocol, dport, sport, icmp }) => {
        const cloud = cloudOf(states);
        const question = { family: familyOf(to), flow: { protocol, port: dport, fromPort: sport, icmp } };
        const ids = portsOf(states);
        const [some, others] = [label('some', ...ids.filter((_, n) => n % 2 === 0)), label('others', ...ids.filter((_, n) => n % 3 !== 0))];
        const each = (of: ReturnType<typeof label>) => of.endpoints.map((id) => label(id, id));
        const [whole] = connectivityMatrix(cloud, { ...question, sources: [some], destinations: [others] }).cells;
        const parts = connectivityMatrix(cloud, { ...question, sources: each(some), destinations: each(others) }).cells.flat();
        expect(whole).toEqual([
          { pairs: parts.reduce((sum, { pairs }) => sum + pairs, 0), allowed: parts.reduce((sum, { allowed }) => sum + allowed, 0) },
        ]);
      }),
      { numRuns: 100 },
    );
  });
});

/** A set whose members it is counted how often somebody reads. */
function counted(one: AddressSet, count: () => void): AddressSet {
  return {
    ...one,
    get members() {
      count();
      return one.members;
    },
  };
}

it('asks the sets of each group once, and not for every two ports, however many groups there are', () => {
  const many = 60;
  let reads = 0;
  const numbers = Array.from({ length: many }, (_, n) => n);
  const state = stateOf([
    subnet('sub4', '10.65.0.0/24', '10.65.0.1'),
    ...numbers.flatMap((n) => [
      endpoint(`e${n}`, n + 1, { ips: [`10.65.0.${n + 2}`], policies: [`p${n}`] }),
      policy(`p${n}`, [rule('in', { peer: { kind: 'set', set: `s${n}` } }), rule('out', { direction: 'egress' })]),
    ]),
  ]);
  const sets = new Map(numbers.map((n) => [`s${n}`, counted(addressSet(`s${n}`, ['10.65.0.2']), () => reads++)]));
  const labels = numbers.map((n) => label(`e${n}`, `e${n}`));
  const cloud = cloudOf(new Map([[asHostName('h'), { ...state, sets }]]));
  const flow = { protocol: 6, port: 80, fromPort: null, icmp: null };
  const { cells } = connectivityMatrix(cloud, { family: 4, flow, sources: labels, destinations: labels });
  expect(cells.map((row) => row.reduce((sum, { allowed }) => sum + allowed, 0))).toEqual([many - 1, ...Array(many - 1).fill(0)]);
  expect(reads).toBeLessThan(10 * many);
});

const MATRIX: Matrix = {
  sources: [
    { id: 'w', name: 'web', ports: 2 },
    { id: 'd', name: '<db> & "co"', ports: 1 },
  ],
  destinations: [
    { id: 'w', name: 'web', ports: 2 },
    { id: 'd', name: '<db> & "co"', ports: 1 },
  ],
  cells: [
    [
      { pairs: 2, allowed: 1 },
      { pairs: 2, allowed: 2 },
    ],
    [
      { pairs: 2, allowed: 0 },
      { pairs: 0, allowed: 0 },
    ],
  ],
};

describe('a matrix is shown', () => {
  it('as a table', () => {
    expect(formatMatrix(MATRIX)).toEqual([
      'from                1    2',
      'web (2)           1/2  all',
      '<db> & "co" (1)  none    -',
      '',
      'to 1: web (2)',
      'to 2: <db> & "co" (1)',
    ]);
  });

  it('as a picture in which no name is markup', () => {
    const svg = matrixSvg(MATRIX, 'TCP port 80 <b>');
    expect(svg).toContain('&lt;db&gt; &amp; &quot;co&quot; (1)');
    expect(svg).toContain('<title>web → &lt;db&gt; &amp; &quot;co&quot;: 2 of 2</title>');
    expect(svg).not.toMatch(/<b>|<db>/);
    expect(svg.match(/<rect /g)).toHaveLength(1 + 4 + 3);
  });
});
