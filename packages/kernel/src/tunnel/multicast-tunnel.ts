import { hostCidr, type Ip, linkLocalFor, type Mac, macBytes, macFromBytes } from '@manx/ip';
import { TUNNEL_DEVICE, TUNNEL_HOPS_V4, tunnelHop } from '@manx/render';
import { faultOfErrno } from '../errno.js';
import { Fault } from '../fault.js';
import { type Attribute, cString, decodeAttributes, encodeAttributes, nested, readCString, u32 } from '../netlink/attribute.js';
import { ipBytes, ipFromBytes } from '../netlink/ip-bytes.js';
import { type NetlinkRequest, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from '../netlink/message.js';
import { NETLINK_ROUTE, NetlinkSocket } from '../netlink/netlink-socket.js';
import { RTM_DELLINK, RTM_GETLINK, RTM_NEWLINK } from '../rtnetlink/link-codec.js';
import { encodeNeighbourDelete, encodeNeighbourPut, RTM_DELNEIGH, RTM_GETNEIGH, RTM_NEWNEIGH } from '../rtnetlink/neighbour-codec.js';
import { encodeRouteDelete, encodeRoutePut, RTM_DELROUTE } from '../rtnetlink/route-codec.js';

// include/uapi/linux/if_link.h
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const IFLA_VXLAN_ID = 1;
const IFLA_VXLAN_LOCAL = 4;
const IFLA_VXLAN_LEARNING = 7;
const IFLA_VXLAN_PORT = 15;
const IFF_UP = 1;
// include/uapi/linux/neighbour.h
const AF_BRIDGE = 7;
const NTF_SELF = 2;
const NUD_PERMANENT = 0x80;
const NDA_DST = 1;
const NDA_LLADDR = 2;
const EEXIST = 17;

/** `MNX`: tunnels of other software on the same port are other networks. */
const NETWORK_ID = 0x4d_4e_58;
/** More than any packet of an instance: what does not fit into the fabric's packets goes in fragments. */
const MTU = 65_000;
/** Of routes that only say which host an address on the tunnel is: another protocol than that of instances' routes, which are announced. */
const ROUTE_PROTOCOL = 81;
const METRIC = 1024;
/** What comes before an IPv4 address of a host to be its MAC on the tunnel: locally administered. */
const MAC_PREFIX = [0x02, 0x4d] as const;

/** This host's end of tunnels, and their UDP port. IPv4. */
export type TunnelEnd = { readonly address: Ip; readonly port: number };

/**
 * The device that carries multicast to other hosts (VXLAN, RFC 7348): one, whatever the number of hosts and groups. Nothing is learnt and nothing flooded: each
 * host that packets go to has a permanent neighbour entry, and where its MAC is (an entry of the forwarding table, to one host). One process's alone.
 */
export class MulticastTunnel {
  readonly #socket: NetlinkSocket;
  readonly #end: TunnelEnd | null;

  /** Null: there is to be none. */
  constructor(end: TunnelEnd | null) {
    this.#end = end;
    this.#socket = NetlinkSocket.open(NETLINK_ROUTE);
  }

  /**
   * Makes the device as it is to be, and its entries those of these hosts; takes it away where there is to be none. Doing it twice changes nothing. Answers
   * the device's index (null: there is none), and how many things were changed. Throws Fault, naming what the kernel refused, or two hosts that cannot be
   * told apart on the tunnel.
   */
  sync(hosts: ReadonlySet<Ip>): { readonly index: number | null; readonly changes: number } {
    if (this.#end === null) return { index: null, changes: this.remove() };
    refuseTwins(hosts);
    const found = this.#device();
    let changes = 0;
    const isRight =
      found !== null &&
      found.isUp &&
      found.mac === macOf(this.#end.address) &&
      found.local === this.#end.address &&
      found.port === this.#end.port;
    if (!isRight) {
      if (found !== null) this.#ask('remove', removal(found.ifindex));
      this.#ask('make', creation(this.#end));
      changes += 1;
    }
    const device = isRight ? found : this.#device();
    if (device === null) throw new Fault({ code: 'missing', op: 'make', subject: TUNNEL_DEVICE, detail: 'it went as it came' });
    this.#ask('lead to', everyHop(device.ifindex));
    return { index: device.ifindex, changes: changes + this.#syncHosts(device.ifindex, hosts) };
  }

  /** Takes the device away, with all that is on it; answers how many things were changed. Throws Fault. */
  remove(): number {
    const found = this.#device();
    if (found === null) return 0;
    this.#ask('remove', removal(found.ifindex));
    return 1;
  }

  close(): void {
    this.#socket.close();
  }

  #syncHosts(ifindex: number, hosts: ReadonlySet<Ip>): number {
    const known = this.#hosts(ifindex);
    const missing = [...hosts].filter((host) => !known.has(host));
    const left = [...known].filter((host) => !hosts.has(host));
    for (const host of left) for (const request of hostRequests(ifindex, host, false)) this.#ask('forget', request);
    for (const host of missing) for (const request of hostRequests(ifindex, host, true)) this.#ask('add', request);
    return missing.length + left.length;
  }

  /** The hosts that all entries are there for. */
  #hosts(ifindex: number): ReadonlySet<Ip> {
    const header = neighbourHeader(ifindex, AF_BRIDGE, 0, 0);
    const ends = this.#socket.dump({ type: RTM_GETNEIGH, payload: header }, (payload) => {
      if (payload.readUInt8(0) !== AF_BRIDGE || payload.readInt32LE(4) !== ifindex) return null;
      return ipFromBytes(decodeAttributes(payload.subarray(12)).get(NDA_DST) ?? Buffer.alloc(0));
    });
    const neighbours = new Set(
      this.#socket.dump({ type: RTM_GETNEIGH, payload: Buffer.alloc(12) }, (payload) =>
        payload.readInt32LE(4) === ifindex && (payload.readUInt16LE(8) & NUD_PERMANENT) !== 0
          ? ipFromBytes(decodeAttributes(payload.subarray(12)).get(NDA_DST) ?? Buffer.alloc(0))
          : null,
      ),
    );
    return new Set(ends.filter((host) => neighbours.has(tunnelHop(host, 4)) && neighbours.has(linkLocalOf(host))));
  }

  #device(): {
    readonly ifindex: number;
    readonly isUp: boolean;
    readonly mac: Mac | null;
    readonly local: Ip | null;
    readonly port: number;
  } | null {
    const payload = Buffer.concat([Buffer.alloc(16), encodeAttributes([])]);
    const [found] = this.#socket.dump({ type: RTM_GETLINK, payload }, (link) => {
      const attributes = decodeAttributes(link.subarray(16));
      if (readCString(attributes.get(IFLA_IFNAME) ?? Buffer.alloc(0)) !== TUNNEL_DEVICE) return null;
      const info = decodeAttributes(attributes.get(IFLA_LINKINFO) ?? Buffer.alloc(0));
      const data = decodeAttributes(info.get(IFLA_INFO_DATA) ?? Buffer.alloc(0));
      const mac = attributes.get(IFLA_ADDRESS);
      return {
        ifindex: link.readInt32LE(4),
        isUp: (link.readUInt32LE(8) & IFF_UP) !== 0,
        mac: mac?.length === 6 ? macFromBytes(mac) : null,
        local: ipFromBytes(data.get(IFLA_VXLAN_LOCAL) ?? Buffer.alloc(0)),
        port: data.get(IFLA_VXLAN_PORT)?.readUInt16BE(0) ?? 0,
      };
    });
    return found ?? null;
  }

  #ask(op: string, request: NetlinkRequest): void {
    const [verdict] = this.#socket.send([request]);
    const errno = verdict?.errno ?? 0;
    const isDone = DELETES.has(request.type) ? GONE.has(errno) : errno === EEXIST;
    if (verdict !== undefined && errno !== 0 && !isDone) throw faultOfErrno(op, TUNNEL_DEVICE, verdict);
  }
}

const DELETES: ReadonlySet<number> = new Set([RTM_DELNEIGH, RTM_DELROUTE, RTM_DELLINK]);
/** ENOENT, ESRCH, ENODEV: it is not there, which is what a delete wants. */
const GONE: ReadonlySet<number> = new Set([2, 3, 19]);

/**
 * What hosts are called in IPv4 is on the device's link: the kernel takes an address for the next hop only by a route (`rt_set_nexthop`,
 * net/ipv4/route.c), and would send to the group's MAC otherwise.
 */
const everyHop = (ifindex: number): NetlinkRequest =>
  encodeRoutePut({ destination: TUNNEL_HOPS_V4, hops: [{ ifindex, via: null }], metric: METRIC, protocol: ROUTE_PROTOCOL });

/** Two hosts of one name would each get what is for the other, and one of them nothing. */
const refuseTwins = (hosts: ReadonlySet<Ip>): void => {
  const byHop = new Map<Ip, Ip>();
  for (const host of hosts) {
    const twin = byHop.get(tunnelHop(host, 4));
    const detail = `hosts ${twin} and ${host} differ in the first four bits only: give one of them another \`multicast.address\``;
    if (twin !== undefined) throw new Fault({ code: 'refused', op: 'add', subject: TUNNEL_DEVICE, detail });
    byHop.set(tunnelHop(host, 4), host);
  }
};

/** A host's MAC on the tunnel, which follows from its address. */
const macOf = (host: Ip): Mac => macFromBytes([...MAC_PREFIX, ...ipBytes(host)]);

const linkLocalOf = (host: Ip): Ip => linkLocalFor(macOf(host));

/** struct ifinfomsg. */
const linkHeader = (ifindex: number, flags: number): Buffer => {
  const header = Buffer.alloc(16);
  header.writeInt32LE(ifindex, 4);
  header.writeUInt32LE(flags, 8);
  header.writeUInt32LE(flags, 12);
  return header;
};

const removal = (ifindex: number): NetlinkRequest => ({ type: RTM_DELLINK, flags: 0, payload: linkHeader(ifindex, 0) });

const creation = ({ address, port }: TunnelEnd): NetlinkRequest => {
  const udpPort = Buffer.alloc(2);
  udpPort.writeUInt16BE(port);
  const data: readonly Attribute[] = [
    u32(IFLA_VXLAN_ID, NETWORK_ID),
    { type: IFLA_VXLAN_LOCAL, value: ipBytes(address) },
    { type: IFLA_VXLAN_LEARNING, value: Buffer.from([0]) },
    { type: IFLA_VXLAN_PORT, value: udpPort },
  ];
  const attributes = encodeAttributes([
    cString(IFLA_IFNAME, TUNNEL_DEVICE),
    { type: IFLA_ADDRESS, value: Buffer.from(macBytes(macOf(address))) },
    u32(IFLA_MTU, MTU),
    nested(IFLA_LINKINFO, [cString(IFLA_INFO_KIND, 'vxlan'), nested(IFLA_INFO_DATA, data)]),
  ]);
  return { type: RTM_NEWLINK, flags: NLM_F_CREATE | NLM_F_EXCL, payload: Buffer.concat([linkHeader(0, IFF_UP), attributes]) };
};

/** struct ndmsg. */
const neighbourHeader = (ifindex: number, family: number, state: number, flags: number): Buffer => {
  const header = Buffer.alloc(12);
  header.writeUInt8(family, 0);
  header.writeInt32LE(ifindex, 4);
  header.writeUInt16LE(state, 8);
  header.writeUInt8(flags, 10);
  return header;
};

/**
 * What makes a host one that packets can be sent to, or takes that away. IPv4: a neighbour. IPv6: a route by a neighbour, since without one a packet to a
 * group would get the group's MAC and not the host's. And for both, where that MAC is.
 */
const hostRequests = (ifindex: number, host: Ip, isThere: boolean): readonly NetlinkRequest[] => {
  const [mac, via] = [macOf(host), linkLocalOf(host)];
  const hops = [tunnelHop(host, 4), via];
  const route = { destination: hostCidr(tunnelHop(host, 6)), hops: [{ ifindex, via }], metric: METRIC, protocol: ROUTE_PROTOCOL };
  const end = encodeAttributes([
    { type: NDA_LLADDR, value: Buffer.from(macBytes(mac)) },
    { type: NDA_DST, value: ipBytes(host) },
  ]);
  const payload = Buffer.concat([neighbourHeader(ifindex, AF_BRIDGE, NUD_PERMANENT, NTF_SELF), end]);
  if (!isThere) {
    return [
      { type: RTM_DELNEIGH, flags: 0, payload },
      encodeRouteDelete(route),
      ...hops.map((ip) => encodeNeighbourDelete({ ifindex, ip })),
    ];
  }
  return [
    ...hops.map((ip) => encodeNeighbourPut({ ifindex, ip, mac })),
    encodeRoutePut(route),
    { type: RTM_NEWNEIGH, flags: NLM_F_CREATE | NLM_F_REPLACE, payload },
  ];
};
