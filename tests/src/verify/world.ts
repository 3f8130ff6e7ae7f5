import { asIp, type Ip } from '@manx/ip';

/** A host where a guest is plugged in, and the cable's end, in the namespace of all guests. */
export type Plug = { readonly host: string; readonly ifname: string };

/** The other host of a guest that is on its way: where it may go on, told of by a second binding or by its profile; or where it was before. */
export type OtherPlug = Plug & { readonly role: 'coming' | 'left'; readonly by: 'binding' | 'profile' };

/** An instance of the oracle's: a port with a tap where its binding is in use, and the cable's other end in our own hands. */
export type Guest = Plug & {
  readonly slot: number;
  readonly port: string;
  readonly mac: string;
  readonly tap: string;
  readonly other: OtherPlug | null;
  /** The host from which it said last that it is there, heard or not; null: it did not have to. */
  readonly saidAt: string | null;
  /** Where that has to be known by the next look; null: nowhere. */
  readonly mustBeAt: string | null;
  readonly v4: Ip;
  readonly v6: Ip;
};

/** The cable by which a guest says something of its own accord: of the host that it believes to be on. */
export const plugOf = ({ host, ifname, other, saidAt }: Guest): Plug =>
  other !== null && other.host === saidAt ? other : { host, ifname };

/** A floating IP, and what is forwarded of it, by id. */
export type Floating = { readonly id: string; readonly address: Ip; readonly forwards: readonly string[] };

/** What there is in the cloud, by the slots that steps name. Steps and nothing else change it, so that a row of steps can be played again. */
export type World = {
  readonly guests: Map<number, Guest>;
  /** Security groups by slot, and the rules of each in the order in which they were made. */
  readonly groups: readonly { readonly id: string; readonly rules: string[] }[];
  readonly addressGroups: readonly string[];
  readonly floating: Map<number, Floating>;
  /** Logs by the slot of the group that they are about. */
  readonly logs: Map<number, string>;
  readonly networks: readonly { readonly id: string; readonly subnets: readonly string[]; readonly project: string }[];
  readonly external: string;
  readonly router: string;
  readonly qos: string;
  /** A policy of limits that no look exceeds. */
  readonly limits: string;
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

/** The addresses of a guest's slot: those that it begins with, and those that it may be given instead. */
export const addressesOf = (slot: number, which: 0 | 1 = 0): { readonly v4: Ip; readonly v6: Ip } => {
  const { v4, v6 } = prefixes[networkOf(slot)];
  const last = 10 + 20 * which + slot;
  return { v4: asIp(`${v4}.${last}`), v6: asIp(`${v6}::${last}`) };
};
