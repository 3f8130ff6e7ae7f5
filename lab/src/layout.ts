/** How a lab of N hosts is laid out: names, links, addresses, AS numbers. Pure; everything else in the lab reads it from here. */

/** One end of a link: an interface in a namespace, with its addresses as `address/length`. */
export type LinkEnd = { readonly namespace: string; readonly ifname: string; readonly addresses: readonly string[] };

/** A veth pair. */
export type Link = { readonly a: LinkEnd; readonly b: LinkEnd };

/** A BGP speaker's peer as seen from one end of a fabric link; one session a family. */
export type FabricPeer = { readonly name: string; readonly asn: number; readonly address4: string; readonly address6: string };

/** A router of the lab: a compute host, a top-of-rack router, or the outside. */
export type Router = {
  readonly name: string;
  readonly namespace: string;
  readonly asn: number;
  readonly loopback4: string;
  readonly loopback6: string;
  readonly peers: readonly FabricPeer[];
};

/** A compute host: a router with a place on the management network. */
export type LabHost = Router & { readonly managementAddress: string };

export type Layout = {
  readonly hosts: readonly LabHost[];
  readonly tors: readonly Router[];
  readonly outside: Router;
  readonly links: readonly Link[];
  readonly management: {
    readonly namespace: string;
    readonly bridge: string;
    readonly serverAddress: string;
    readonly prefix: string;
    readonly prefixLength: number;
  };
};

/** Fabric links, routers' own addresses and the management network: no instance may reach any of it (S18). */
export const fabricPrefixes = ['198.18.0.0/15', 'fd00:198:18::/48'] as const;

/** The one address of the outside network that answers. */
export const outsideAddress4 = '203.0.113.10';
export const outsideAddress6 = '2001:db8:ffff::10';
export const outsideNetwork4 = '203.0.113.0/24';
export const outsideNetwork6 = '2001:db8:ffff::/64';

export const managementNamespace = 'manx-fab-mgmt';
export const outsideNamespace = 'manx-out';
export const hostNamespace = (host: string): string => `manx-host-${host}`;
const fabricNamespace = (name: string): string => `manx-fab-${name}`;
export const instanceNamespace = (name: string): string => `manx-vm-${name}`;

/** Most hosts a lab may have: their numbers fill one octet of the management network beside the server's. */
export const maxHosts = 100;

const torNames = ['tor1', 'tor2'] as const;
const torAsn = (tor: number): number => 65_001 + tor;
const outsideAsn = 65_000;
const hostAsn = (host: number): number => 4_200_000_001 + host;

/** A /31 and a /127 for the link between ToR number `tor` and router number `router` (0 is the outside, hosts from 1). */
const linkAddresses = (tor: number, router: number) => ({
  tor4: `198.18.${tor}.${2 * router}`,
  router4: `198.18.${tor}.${2 * router + 1}`,
  tor6: `fd00:198:18:${tor}::${(2 * router).toString(16)}`,
  router6: `fd00:198:18:${tor}::${(2 * router + 1).toString(16)}`,
});

const routerOf = (router: number, place: { readonly name: string; readonly namespace: string; readonly asn: number }): Router => ({
  ...place,
  loopback4: `198.18.255.${router + 10}`,
  loopback6: `fd00:198:18:ffff::${(router + 10).toString(16)}`,
  peers: torNames.map((name, tor) => {
    const at = linkAddresses(tor, router);
    return { name, asn: torAsn(tor), address4: at.tor4, address6: at.tor6 };
  }),
});

const torOf = (tor: number, leaves: readonly Router[]): Router => ({
  name: torNames[tor] ?? `tor${tor + 1}`,
  namespace: fabricNamespace(torNames[tor] ?? `tor${tor + 1}`),
  asn: torAsn(tor),
  loopback4: `198.18.255.${tor + 1}`,
  loopback6: `fd00:198:18:ffff::${tor + 1}`,
  peers: leaves.map((leaf, router) => {
    const at = linkAddresses(tor, router);
    return { name: leaf.name, asn: leaf.asn, address4: at.router4, address6: at.router6 };
  }),
});

const fabricLinks = (leaves: readonly Router[]): Link[] =>
  torNames.flatMap((torName, tor) =>
    leaves.map((leaf, router) => {
      const at = linkAddresses(tor, router);
      return {
        a: { namespace: fabricNamespace(torName), ifname: `to-${leaf.name}`.slice(0, 15), addresses: [`${at.tor4}/31`, `${at.tor6}/127`] },
        b: { namespace: leaf.namespace, ifname: torName, addresses: [`${at.router4}/31`, `${at.router6}/127`] },
      };
    }),
  );

/** The layout for hosts with these names, in this order. Throws a RangeError beyond `maxHosts` or without any. */
export const layoutOf = (hostNames: readonly string[]): Layout => {
  if (hostNames.length < 1 || hostNames.length > maxHosts)
    throw new RangeError(`a lab has 1 to ${maxHosts} hosts, not ${hostNames.length}`);
  const outside = routerOf(0, { name: 'out', namespace: outsideNamespace, asn: outsideAsn });
  const hosts = hostNames.map((name, index) => ({
    ...routerOf(index + 1, { name, namespace: hostNamespace(name), asn: hostAsn(index) }),
    managementAddress: `198.19.0.${index + 10}`,
  }));
  const leaves = [outside, ...hosts];
  return {
    hosts,
    outside,
    tors: torNames.map((_, tor) => torOf(tor, leaves)),
    links: fabricLinks(leaves),
    management: { namespace: managementNamespace, bridge: 'mgmt', serverAddress: '198.19.0.1', prefix: '198.19.0.0/24', prefixLength: 24 },
  };
};
