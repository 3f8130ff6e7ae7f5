/** Which side of an instance a packet was dropped on, from the instance's view. */
type Direction = 'egress' | 'ingress';

/** What is known of a reason: whose tap counts it (the sender's on egress, the receiver's on ingress), and what to tell people: the one place for these words. */
export type DropReasonText = {
  readonly direction: Direction;
  readonly text: string;
  /** What to do about it, a sentence. */
  readonly advice: string;
  /** True: counted for the floating IP, not for a tap. */
  readonly isByFloatingIp?: true;
};

const REASONS = {
  ethertype: {
    direction: 'egress',
    text: 'the frame was neither IPv4, IPv6 nor ARP, or had a VLAN tag',
    advice: 'Send untagged IPv4, IPv6 and ARP only: VLANs and other protocols do not leave an instance.',
  },
  'unknown-tap': {
    direction: 'egress',
    text: 'the interface belongs to no port that this host knows',
    advice: 'See whether the port is bound to this host (openstack port show); a tap that Nova left behind can be deleted.',
  },
  'port-down': {
    direction: 'egress',
    text: 'the port, or its network, is administratively down',
    advice: 'openstack port set --enable PORT, or openstack network set --enable NETWORK.',
  },
  source: {
    direction: 'egress',
    text: 'the source address or MAC is not one of the port or its allowed address pairs',
    advice:
      'Let the instance send as its fixed IP and MAC, or allow what it sends as: openstack port set --allowed-address ip-address=ADDRESS PORT.',
  },
  'source-route': {
    direction: 'egress',
    text: 'the packet chose its own route (IPv4 source-route or record-route option, IPv6 routing header)',
    advice: "Send without source routing: routes are the network's to choose.",
  },
  arp: {
    direction: 'egress',
    text: "ARP in the name of an address or MAC that is not the port's",
    advice: 'Let the instance speak for its own addresses only, or allow the other one as an address pair of the port.',
  },
  nd: {
    direction: 'egress',
    text: "IPv6 neighbour discovery for an address or MAC that is not the port's, or in a form that could hide it",
    advice: 'Let the instance speak for its own addresses only, or allow the other one as an address pair of the port.',
  },
  ra: {
    direction: 'egress',
    text: 'a router advertisement: instances are no routers',
    advice: 'Turn off router advertisements (radvd, a bridge, a nested router) in the instance; routers of the API advertise.',
  },
  redirect: {
    direction: 'egress',
    text: 'an ICMP redirect: instances are no routers',
    advice: 'Turn off sending redirects in the instance (net.ipv4.conf.all.send_redirects=0).',
  },
  'dhcp-server': {
    direction: 'egress',
    text: 'a DHCP answer, or what a relay says: instances are no DHCP servers and no relays',
    advice: 'Turn off the DHCP server or relay in the instance; subnets with enable_dhcp answer.',
  },
  protected: {
    direction: 'egress',
    text: 'the destination is in a protected prefix (the management network)',
    advice: 'Nothing is to be done where the instance has no business there; else see protected_prefixes in agent.yaml.',
  },
  'host-service': {
    direction: 'egress',
    text: 'the host itself was asked for something that it does not offer to instances',
    advice: 'Use a service elsewhere; an operator can open the hosts with endpoint_to_host in agent.yaml.',
  },
  'dns-rate': {
    direction: 'egress',
    text: "more queries to the host's DNS than one port may send",
    advice: 'Let the instance cache what it looks up (systemd-resolved, nscd); an operator can raise dns.queries_per_second in agent.yaml.',
  },
  'dhcp-rate': {
    direction: 'egress',
    text: "more DHCP messages and router solicitations than its host's DHCP server takes from one port",
    advice:
      'See what in the instance asks over and over (two DHCP clients, one that declines its lease); an operator can raise dhcp.messages_per_second in agent.yaml.',
  },
  'address-rate': {
    direction: 'egress',
    text: 'the host was spoken to from more than 64 new addresses a minute: link-local ones, or ones within a prefix of its pairs, or without port security',
    advice: 'Have the instance keep its addresses (link-local ones, those of containers on its link), or let it route for them.',
  },
  'link-scope': {
    direction: 'egress',
    text: 'broadcast, link-local destinations and multicast groups of the link stay on the link',
    advice:
      'Nothing is to be done: most systems send some of it (mDNS, LLMNR); what needs it must use a wider group, or addresses of one receiver.',
  },
  'multicast-rate': {
    direction: 'egress',
    text: 'more multicast than a host takes from one port (10,000 packets a second)',
    advice: 'Have the instance send less: each packet is copied for every receiver. Larger packets carry more.',
  },
  'egress-rate': {
    direction: 'egress',
    text: "more than the port's QoS policy lets it send",
    advice: "Raise the rate of the port's QoS policy, or have the instance send less.",
  },
  'egress-connections': {
    direction: 'egress',
    text: 'the port has begun as many connections as its host lets one port have',
    advice: 'See what in the instance opens so many, or never ends them; an operator can raise max_connections in agent.yaml.',
  },
  'egress-invalid': {
    direction: 'egress',
    text: 'connection tracking found the packet invalid',
    advice: 'Look for one-sided routes and for packets that belong to no flow; a stateless security group takes them.',
  },
  'egress-not-syn': {
    direction: 'egress',
    text: 'a TCP segment of no known flow: it was cut, or began elsewhere',
    advice: 'Let the application connect anew; it will not be let through in the midst of a flow.',
  },
  'egress-policy': {
    direction: 'egress',
    text: 'no security group rule lets the port send this',
    advice: "Ask ./manx explain what would open it, and add an egress rule to one of the port's security groups.",
  },
  'floating-egress-rate': {
    direction: 'egress',
    text: "more than the floating IP's QoS policy lets it send, counted for the floating IP",
    advice: "Raise the rate of the floating IP's QoS policy, or have the instance send less.",
    isByFloatingIp: true,
  },
  'floating-ingress-rate': {
    direction: 'ingress',
    text: "more than the floating IP's QoS policy lets it receive, counted for the floating IP",
    advice: "Raise the rate of the floating IP's QoS policy, or have it sent less.",
    isByFloatingIp: true,
  },
  'to-unknown-tap': {
    direction: 'ingress',
    text: 'sent to an interface of no port that this host knows',
    advice: 'See whether the port is bound to this host (openstack port show).',
  },
  'to-port-down': {
    direction: 'ingress',
    text: 'sent to a port that is, or whose network is, administratively down',
    advice: 'openstack port set --enable PORT, or openstack network set --enable NETWORK.',
  },
  'own-address': {
    direction: 'ingress',
    text: "the host does not answer ARP for an address that is the port's own",
    advice: 'Nothing is to be done: an instance asked whether its own address is in use, or another looked for it.',
  },
  'floating-port': {
    direction: 'ingress',
    text: 'this port of the floating IP is forwarded to nobody',
    advice: "Add a port forwarding for it, or close the service's clients: nobody is meant to get it now.",
  },
  'ingress-rate': {
    direction: 'ingress',
    text: "more than the port's QoS policy lets it receive",
    advice: "Raise the rate of the port's QoS policy, or have it sent less.",
  },
  'ingress-connections': {
    direction: 'ingress',
    text: 'as many connections to the port are open as its host lets one port have',
    advice: 'See who opens so many, or spread them over more ports; an operator can raise max_connections in agent.yaml.',
  },
  'ingress-invalid': {
    direction: 'ingress',
    text: 'connection tracking found the packet invalid',
    advice: 'Look for one-sided routes and for packets that belong to no flow; a stateless security group takes them.',
  },
  'ingress-not-syn': {
    direction: 'ingress',
    text: 'a TCP segment of no known flow: it was cut, or began elsewhere',
    advice: 'Let the peer connect anew; it will not be let through in the midst of a flow.',
  },
  'ingress-policy': {
    direction: 'ingress',
    text: 'no security group rule lets the port receive this',
    advice: "Ask ./manx explain what would open it, and add an ingress rule to one of the port's security groups.",
  },
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
