/** Which side of an instance a packet was dropped on, from the instance's view. */
type Direction = 'egress' | 'ingress';

/** What is known of a reason: whose tap counts it (the sender's on egress, the receiver's on ingress), and what to tell people. */
export type DropReasonText = {
  readonly direction: Direction;
  readonly text: string;
  /** True: counted for the floating IP, not for a tap. */
  readonly isByFloatingIp?: true;
};

const REASONS = {
  ethertype: { direction: 'egress', text: 'the frame was neither IPv4, IPv6 nor ARP, or had a VLAN tag' },
  'unknown-tap': { direction: 'egress', text: 'the interface belongs to no port that this host knows, or to one that is down' },
  source: { direction: 'egress', text: 'the source address or MAC is not one of the port or its allowed address pairs' },
  'source-route': {
    direction: 'egress',
    text: 'the packet chose its own route (IPv4 source-route or record-route option, IPv6 routing header)',
  },
  arp: { direction: 'egress', text: "ARP in the name of an address or MAC that is not the port's" },
  nd: {
    direction: 'egress',
    text: "IPv6 neighbour discovery for an address or MAC that is not the port's, or in a form that could hide it",
  },
  ra: { direction: 'egress', text: 'a router advertisement: instances are no routers' },
  redirect: { direction: 'egress', text: 'an ICMP redirect: instances are no routers' },
  'dhcp-server': { direction: 'egress', text: 'a DHCP answer: instances are no DHCP servers' },
  protected: { direction: 'egress', text: 'the destination is in a protected prefix (the management network)' },
  'host-service': { direction: 'egress', text: 'the host itself was asked for something that it does not offer to instances' },
  'link-scope': { direction: 'egress', text: 'broadcast, multicast and link-local destinations stay on the link' },
  'egress-rate': { direction: 'egress', text: "more than the port's QoS policy lets it send" },
  'egress-invalid': { direction: 'egress', text: 'connection tracking found the packet invalid' },
  'egress-not-syn': { direction: 'egress', text: 'a TCP segment of no known flow: it was cut, or began elsewhere' },
  'egress-policy': { direction: 'egress', text: 'no security group rule lets the port send this' },
  'floating-egress-rate': {
    direction: 'egress',
    text: "more than the floating IP's QoS policy lets it send, counted for the floating IP",
    isByFloatingIp: true,
  },
  'floating-ingress-rate': {
    direction: 'ingress',
    text: "more than the floating IP's QoS policy lets it receive, counted for the floating IP",
    isByFloatingIp: true,
  },
  'to-unknown-tap': { direction: 'ingress', text: 'sent to an interface of no port that this host knows, or of one that is down' },
  'own-address': { direction: 'ingress', text: "the host does not answer ARP for an address that is the port's own" },
  'floating-port': { direction: 'ingress', text: 'this port of the floating IP is forwarded to nobody' },
  'ingress-rate': { direction: 'ingress', text: "more than the port's QoS policy lets it receive" },
  'ingress-invalid': { direction: 'ingress', text: 'connection tracking found the packet invalid' },
  'ingress-not-syn': { direction: 'ingress', text: 'a TCP segment of no known flow: it was cut, or began elsewhere' },
  'ingress-policy': { direction: 'ingress', text: 'no security group rule lets the port receive this' },
} as const satisfies Readonly<Record<string, DropReasonText>>;

/** Why a packet was dropped. */
export type DropReason = keyof typeof REASONS;

/**
 * Every reason for which a host drops what an instance sends or is sent. The name is that of the nft chain and counter set
 * (`drop-NAME`, see `render`).
 */
export const DROP_REASONS: Readonly<Record<DropReason, DropReasonText>> = REASONS;

/** Whether text names a reason. */
export function isDropReason(text: string): text is DropReason {
  return Object.hasOwn(DROP_REASONS, text);
}
