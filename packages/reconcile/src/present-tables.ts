import type { IfName } from '@manx/hoststate';
import type { NftHook, NftTable } from '@manx/render';
import type { HostFacts } from './host-facts.js';

const DEVICE = /^ingress device "(.+)"$/;

/** The tables without chains for taps that are not there: before Linux 6.16 the kernel takes none, and removes those of a tap that goes. */
export function presentTables(tables: readonly NftTable[], links: HostFacts['links']): readonly NftTable[] {
  return tables.map((table) => {
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
