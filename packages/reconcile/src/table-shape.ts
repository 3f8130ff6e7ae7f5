import type { NftChain, NftHook, NftMap, NftMeter, NftSet, NftTable } from '@manx/render';
import type { ObservedChain, ObservedTable } from './host-facts.js';
import { chainMarks } from './rule-mark.js';

const shapes = new WeakMap<object, string>();

/** What of a set or map cannot change without making it anew. */
export function setShape(set: Pick<NftSet, 'type' | 'flags'> & { readonly value?: string }): string {
  const known = shapes.get(set);
  if (known !== undefined) return known;
  const made = shapeText(set);
  shapes.set(set, made);
  return made;
}

function shapeText(set: Pick<NftSet, 'type' | 'flags'> & { readonly value?: string }): string {
  const value = set.value === undefined ? '' : ` : ${set.value}`;
  return [`${set.type}${value}`, ...[...set.flags].sort()].join(' | ');
}

/** The same of a set that packets fill, as `parseNftTable` finds it (nft 1.0.6 does not list the flag `dynamic`). */
export function meterShape({ type, size, timeoutS }: NftMeter): string {
  return timeoutS === null
    ? `${type} | ${JSON.stringify({ size })}`
    : [type, 'timeout', JSON.stringify({ size, timeout: timeoutS })].join(' | ');
}

/** The hook as nft text; null for a chain that the kernel does not call. */
export function hookText(hook: NftHook | null): string | null {
  return hook === null ? null : `type ${hook.type} hook ${hook.hook} priority ${hook.priority}; policy ${hook.policy};`;
}

/** What the kernel would report for this table: after a transaction that succeeded it stands for a read-back at that generation. */
export function observedOf(table: NftTable): ObservedTable {
  return {
    family: table.family,
    name: table.name,
    sets: mapValues(table.sets, (set: NftSet) => ({ shape: setShape(set), elements: set.elements })),
    maps: mapValues(table.maps, (map: NftMap) => ({ shape: setShape(map), elements: map.elements })),
    meters: mapValues(table.meters, meterShape),
    counters: table.counters,
    chains: mapValues(table.chains, observedChain),
    isStrange: false,
  };
}

const chains = new WeakMap<NftChain, ObservedChain>();

function observedChain(chain: NftChain): ObservedChain {
  const known = chains.get(chain);
  if (known !== undefined) return known;
  const made = { hook: chain.hook, marks: chainMarks(chain) };
  chains.set(chain, made);
  return made;
}

function mapValues<A, B>(map: ReadonlyMap<string, A>, make: (value: A) => B): ReadonlyMap<string, B> {
  const made = new Map<string, B>();
  for (const [key, value] of map) made.set(key, make(value));
  return made;
}
