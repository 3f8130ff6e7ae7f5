import { asIp, type Ip } from '@manx/ip';

/** An instance of the oracle's: a port with a tap, and the cable's other end in our own hands. */
export type Guest = {
  readonly slot: number;
  readonly port: string;
  readonly mac: string;
  readonly host: string;
  readonly tap: string;
  /** The cable's end, in the namespace of all guests. */
  readonly ifname: string;
  readonly v4: Ip;
  readonly v6: Ip;
};

/** A floating IP, and what is forwarded of it, by id. */
export type Floating = { readonly id: string; readonly address: Ip; readonly forwards: readonly string[] };

/** What there is in the cloud, by the slots that steps name. Steps and nothing else change it, so that a row of steps can be played again. */
export type World = {
  readonly guests: Map<number, Guest>;
  /** Security groups by slot, and the rules of each in the order in which they were made. */
  readonly groups: readonly { readonly id: string; readonly rules: string[] }[];
  readonly addressGroups: readonly string[];
  readonly floating: Map<number, Floating>;
  readonly networks: readonly { readonly id: string; readonly subnets: readonly string[]; readonly project: string }[];
  readonly external: string;
  readonly router: string;
  readonly qos: string;
  readonly hosts: readonly string[];
};

/** How much of each there is. Even slots of guests are on the first network, odd ones on the second; the groups from `secondGroups` on are of the second project. */
export const sizes = { guests: 6, groups: 5, secondGroups: 3, statelessGroup: 2, addressGroups: 2, floating: 2, singlePairs: 3 } as const;

export const projects = ['oracle-one', 'oracle-two'] as const;

/** The networks' prefixes; allocation is by slot, so that the same steps give the same addresses. */
const prefixes = [
  { v4: '10.77.0', v6: 'fd77:0:0:0' },
  { v4: '10.77.1', v6: 'fd77:0:0:1' },
] as const;

/** Addresses (`sizes.singlePairs` of them) and a prefix that guests may be given as pairs; all of the first network, so that those of the second send from what nobody routes to them. */
export const pairs = ['10.77.0.250', 'fd77::250', '10.77.0.251', '10.77.0.248/29'] as const;

/** Which network a guest's slot is on. */
export const networkOf = (slot: number): 0 | 1 => (slot % 2 === 0 ? 0 : 1);

/** The addresses of a guest's slot. */
export const addressesOf = (slot: number): { readonly v4: Ip; readonly v6: Ip } => {
  const { v4, v6 } = prefixes[networkOf(slot)];
  return { v4: asIp(`${v4}.${10 + slot}`), v6: asIp(`${v6}::${10 + slot}`) };
};
