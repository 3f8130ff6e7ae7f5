import type { IfName } from '@manx/hoststate';
import type { NftTable } from '@manx/render';
import type { HostFacts } from './host-facts.js';

const DEVICE = /^ingress device "(.+)"$/;

/** The tables without chains for taps that are not there: before Linux 6.16 the kernel takes none, and removes those of a tap that goes. */
export function presentTables(tables: readonly NftTable[], links: HostFacts['links']): readonly NftTable[] {
  return tables.map((table) => {
    if (table.family !== 'netdev') return table;
    const chains = [...table.chains].filter(([, { hook }]) => {
      const dev = DEVICE.exec(hook?.hook ?? '')?.[1];
      return dev === undefined || links.has(dev as IfName);
    });
    return { ...table, chains: new Map(chains) };
  });
}
