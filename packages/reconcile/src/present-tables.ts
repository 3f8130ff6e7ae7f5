import type { IfName } from '@manx/hoststate';
import type { NftChain, NftHook, NftTable } from '@manx/render';
import type { HostFacts } from './host-facts.js';

const DEVICE = /^ingress device "(.+)"$/;

/** A copy for an instance, by the name of its tap. */
const COPY = /^(.* device )"(tap[^"]+)"$/;

/**
 * The tables without what is for taps that are not there. Chains of devices: before Linux 6.16 the kernel takes none, and removes those of a tap that goes. Copies of
 * packets (`dup`): the kernel knows the tap by its index alone, so that a rule for one that was made anew under its old name is another rule.
 */
export function presentTables(tables: readonly NftTable[], links: HostFacts['links']): readonly NftTable[] {
  return tables.map((table) => {
    if (table.family === 'ip' || table.family === 'ip6') return withIndexes(table, links);
    if (table.family !== 'netdev') return table;
    const chains = [...table.chains].filter(([, { hook }]) => {
      const dev = hookDevice(hook);
      return dev === null || links.has(dev as IfName);
    });
    return { ...table, chains: new Map(chains) };
  });
}

/** The device of a chain of one; null for any other chain. */
export function hookDevice(hook: NftHook | null): string | null {
  return DEVICE.exec(hook?.hook ?? '')?.[1] ?? null;
}

function withIndexes(table: NftTable, links: HostFacts['links']): NftTable {
  const chains = [...table.chains].map(([name, chain]): readonly [string, NftChain] => {
    if (!chain.rules.some((rule) => COPY.test(rule))) return [name, chain];
    const rules = chain.rules.flatMap((rule) => {
      const [, head, tap] = COPY.exec(rule) ?? [];
      if (tap === undefined) return [rule];
      const index = links.get(tap as IfName)?.index;
      return index === undefined ? [] : [`${head}${index}`];
    });
    return [name, { ...chain, rules }];
  });
  return { ...table, chains: new Map(chains) };
}
