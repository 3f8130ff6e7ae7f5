import { asIp, familyOf, type Ip } from '@manx/ip';
import { outsideAddress4, outsideAddress6 } from '@manx/lab/attack-kit';
import { protocols } from './probe-packet.js';
import { addressesOf, type Guest, networkOf, sizes, type World } from './world.js';

/** The name of the end beyond the fabric. */
export const OUTSIDE = 'outside';

/** One flow to be tried: who sends (a port's id, or the outside), in whose name, where to, and what. */
export type Probe = {
  readonly from: string;
  readonly source: Ip;
  readonly destination: Ip;
  readonly protocol: number;
  /** Null for ICMP. */
  readonly port: number | null;
  readonly icmpType: number | null;
};

type Payload = Pick<Probe, 'protocol' | 'port' | 'icmpType'>;

const tcpTo = (port: number): Payload => ({ protocol: protocols.tcp, port, icmpType: null });
const udpTo = (port: number): Payload => ({ protocol: protocols.udp, port, icmpType: null });
const icmpOf = (protocol: number, icmpType: number): Payload => ({ protocol, port: null, icmpType });

/** The ports at the ends of the ranges that rules name, and beside them. */
const services = [80, 81, 443, 444].map(tcpTo).concat([53, 54, 5_000].map(udpTo));
const payloads: Readonly<Record<4 | 6, readonly Payload[]>> = {
  // Echo and timestamp requests (RFC 792); echo requests (RFC 4443).
  4: [...services, icmpOf(protocols.icmp, 8), icmpOf(protocols.icmp, 13)],
  6: [...services, icmpOf(protocols.icmp6, 128)],
};
/** What is enough to see whether a source of one's choice passes. */
const few = [tcpTo(80), udpTo(53)];

/** The single addresses of pairs. */
const shared: readonly Ip[] = ['10.77.0.250', '10.77.0.251', 'fd77::250'].map(asIp);
/** An address that no port, pair or subnet has, but the flat space. */
const nobodys = asIp('10.77.0.99');

const outsideOf = (family: 4 | 6): Ip => asIp(family === 4 ? outsideAddress4 : outsideAddress6);

/** The sources by which a guest is tried: its own with everything; those of pairs, and a neighbour's, with little. */
const sourcesOf = (guest: Guest): readonly (readonly [Ip, boolean])[] => {
  const neighbour = addressesOf((guest.slot + 2) % sizes.guests);
  return [
    [guest.v4, true],
    [guest.v6, true],
    [neighbour.v4, false],
    [neighbour.v6, false],
    ...(networkOf(guest.slot) === 0 ? shared.map((ip) => [ip, false] as const) : []),
  ];
};

/** Every flow that is tried of a cloud: each end to every address that somebody may have, by both families. */
export const probesOf = (world: World): readonly Probe[] => {
  const guests = [...world.guests.values()];
  const addresses = [
    ...guests.flatMap(({ v4, v6 }) => [v4, v6]),
    ...[...world.floating.values()].map(({ address }) => address),
    ...shared,
    nobodys,
    // Those that a guest had before, and nobody has now.
    ...guests.flatMap(({ slot, v4 }) => {
      const first = addressesOf(slot);
      return v4 === first.v4 ? [] : [first.v4, first.v6];
    }),
  ];
  const from = (name: string, source: Ip, isFull: boolean): readonly Probe[] => {
    const family = familyOf(source);
    const targets = [...addresses, ...(name === OUTSIDE ? [] : [outsideOf(family)])].filter(
      (ip) => familyOf(ip) === family && ip !== source,
    );
    return targets.flatMap((destination) =>
      (isFull ? payloads[family] : few).map((payload) => ({ from: name, source, destination, ...payload })),
    );
  };
  return [
    ...guests.flatMap((guest) =>
      sourcesOf(guest).flatMap(([source, isFull]) =>
        // What is for an address of one's own never leaves the instance.
        from(guest.port, source, isFull).filter(({ destination }) => destination !== guest.v4 && destination !== guest.v6),
      ),
    ),
    ...([4, 6] as const).flatMap((family) => from(OUTSIDE, outsideOf(family), true)),
  ];
};

/** Whether a flow is from or to an address that several may have. */
export const isOfShared = ({ source, destination }: Probe): boolean => shared.includes(source) || shared.includes(destination);

/** A probe in words: for reports. */
export const probeText = ({ source, destination, protocol, port, icmpType }: Probe): string => {
  const what = port === null ? `ICMP type ${icmpType ?? '?'}` : `${protocol === protocols.tcp ? 'TCP' : 'UDP'} port ${port}`;
  return `${what}, ${source} -> ${destination}`;
};
