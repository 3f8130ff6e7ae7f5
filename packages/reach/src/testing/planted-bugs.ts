import type { HostPlan, NftChain, NftTable } from '@manx/render';

/** A plan as a faulty `render` would have made it. */
type Bug = (plan: HostPlan) => HostPlan;

/** Faults that the comparison with `explain` has to find, each planted alone. */
export const PLANTED_BUGS: ReadonlyMap<string, Bug> = new Map<string, Bug>([
  ['a swapped direction', inChains((name, chain, table) => (isPolicy(name) ? (table.chains.get(swapped(name)) ?? chain) : chain))],
  ['a rule wider by one port', inChains((name, chain) => (isPolicy(name) ? { ...chain, rules: chain.rules.map(widened) } : chain))],
  ['a family left out', inRules((rule) => rule.replace('meta nfproto ipv4 ', ''))],
  [
    'a source check that lets everything pass',
    inChains((name, chain) => (name === 'prerouting' ? { ...chain, rules: ['accept'] } : chain)),
  ],
  [
    'a port whose last word is not drop',
    inChains((name, chain) => (name.startsWith('to-tap') ? { ...chain, rules: [...chain.rules.slice(0, -1), 'accept'] } : chain)),
  ],
  [
    'stateless groups that remember',
    inChains((name, chain) => (name.startsWith('to-tap') ? { ...chain, rules: ['jump stateful', ...chain.rules] } : chain)),
  ],
  [
    'a stateful flow that is not tracked',
    inChains((name, chain) => (name === 'prerouting' ? { ...chain, rules: ['notrack', ...chain.rules] } : chain)),
  ],
  ['a lost set member', inSets((name, elements) => (name.startsWith('group-') ? elements.slice(1) : elements))],
  ['a wrong translation', inMaps('floating-in', () => '10.65.0.222')],
  ['a floating IP of the wrong instance on the way out', inMaps('floating-out', () => '203.0.113.222')],
  ['a missing route', (plan) => ({ ...plan, routes: new Map([...plan.routes].slice(1)) })],
]);

function isPolicy(name: string): boolean {
  return /^(?:in|e)gress-[0-9a-f-]+$/.test(name);
}

/** A range of ports, or one, and the port after it. */
function widened(rule: string): string {
  return rule.replace(/dport (\d+)(?:-(\d+))?(?= )/, (_, from: string, to = from) => `dport ${from}-${Math.min(65_535, Number(to) + 1)}`);
}

function swapped(name: string): string {
  return name.startsWith('in') ? name.replace('in', 'e') : name.replace('e', 'in');
}

function inTables(change: (table: NftTable) => NftTable): Bug {
  return (plan) => ({ ...plan, tables: plan.tables.map((table) => (table.family === 'inet' ? change(table) : table)) });
}

function inChains(change: (name: string, chain: NftChain, table: NftTable) => NftChain): Bug {
  return inTables((table) => ({ ...table, chains: new Map([...table.chains].map(([name, chain]) => [name, change(name, chain, table)])) }));
}

function inRules(change: (rule: string) => string): Bug {
  return inChains((_, chain) => ({ ...chain, rules: chain.rules.map(change) }));
}

function inSets(change: (name: string, elements: readonly string[]) => readonly string[]): Bug {
  return inTables((table) => ({
    ...table,
    sets: new Map([...table.sets].map(([name, set]) => [name, { ...set, elements: new Set(change(name, [...set.elements])) }])),
  }));
}

function inMaps(name: string, change: (value: string) => string): Bug {
  return inTables((table) => ({
    ...table,
    maps: new Map(
      [...table.maps].map(([own, map]) => [
        own,
        own === name ? { ...map, elements: new Map([...map.elements].map(([key, value]) => [key, change(value)])) } : map,
      ]),
    ),
  }));
}
