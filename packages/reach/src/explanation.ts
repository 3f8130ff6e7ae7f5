import type { HostName, PolicyRule } from '@manx/hoststate';
import type { Cidr, Family, Ip } from '@manx/ip';

/** Whether something passes. `allowed-here`: as far as the asker may see; what the other side says of it is not shown. */
export type Answer = 'allowed' | 'refused' | 'allowed-here';

/** What was asked, every part of it said. */
export type FlowFacts = {
  readonly family: Family;
  /** IANA number, and as people call it. */
  readonly protocol: number;
  readonly protocolName: string;
  readonly source: Ip;
  readonly destination: Ip;
  /** Destination and source port; null where the protocol has none, or none was said. */
  readonly port: number | null;
  readonly fromPort: number | null;
  readonly icmp: { readonly type: number; readonly code: number } | null;
};

/**
 * Who an end turned out to be. `port`: an endpoint; `outside`: beyond the flat space; `host`: the sender's own host; `link`: an address that
 * never leaves a link (its own multicast groups, broadcast, link-local); `nobody`: an address of the flat space that no port answers for, or a group that nobody listens to;
 * `elsewhere`: in the flat space, and not the asker's to see.
 */
export type EndFacts = {
  readonly kind: 'port' | 'outside' | 'host' | 'link' | 'nobody' | 'elsewhere';
  /** The address at the very end: of a floating IP or a forward, the fixed IP behind it; of one who listens to a multicast group, the group. */
  readonly ip: Ip;
  /** The Neutron port's id, and what it is called; null for what is no port. */
  readonly endpoint: string | null;
  readonly name: string | null;
  readonly host: HostName | null;
  readonly ifname: string | null;
  /** How it comes to the address that was asked for; null for what is no port. */
  readonly by: 'fixed' | 'pair' | 'floating' | 'forward' | 'group' | null;
  readonly isSecured: boolean | null;
  /** Whether its flows are remembered, so that answers pass by themselves. */
  readonly isStateful: boolean | null;
  /** Bytes. */
  readonly mtu: number | null;
};

/** What happens at one step, in the order of the way. */
export type StepKind = 'tap' | 'source-check' | 'policy' | 'translation' | 'route' | 'fabric' | 'host' | 'end';

/** One step on the way. */
export type Step = {
  readonly kind: StepKind;
  /** Where; null: beyond the hosts, or not shown. */
  readonly host: HostName | null;
  readonly passes: boolean;
  /** One sentence, without a full stop. */
  readonly text: string;
  /** Whose tap, check or policy; null for the others. */
  readonly endpoint: string | null;
  /** The security group and rule that let it pass; null for other steps, where nothing did, and where port security is off. */
  readonly policy: string | null;
  readonly rule: string | null;
  /** What addresses and ports become, of a translation. */
  readonly translation: { readonly what: 'destination' | 'source'; readonly ip: Ip; readonly port: number | null } | null;
};

/** The smallest change that takes one blocker away, alone. */
export type Opening =
  /** A rule in a group of the port that the fewest ports are in. */
  | { readonly kind: 'rule'; readonly policy: string; readonly rule: OpeningRule; readonly text: string }
  /** The port has no group: one with such a rule. */
  | { readonly kind: 'policy'; readonly endpoint: string; readonly rule: OpeningRule; readonly text: string }
  | { readonly kind: 'enable'; readonly endpoint: string; readonly text: string }
  /** The address as an allowed address pair. */
  | { readonly kind: 'pair'; readonly endpoint: string; readonly cidr: Cidr; readonly text: string }
  | { readonly kind: 'forward'; readonly ip: Ip; readonly protocol: number; readonly port: number | null; readonly text: string }
  | { readonly kind: 'bind'; readonly endpoint: string; readonly text: string };

/** A rule that allows exactly what was asked for, of one address. */
export type OpeningRule = Pick<PolicyRule, 'direction' | 'family' | 'protocol' | 'ports' | 'icmp'> & { readonly remote: Cidr };

/** Why something does not pass. */
export type BlockerCode =
  /** The port, or its network, is administratively down (S19). */
  | 'endpoint-down'
  /** The port has no security group, so that nothing may begin (S16). */
  | 'no-policy'
  /** No rule of its groups names this (S16). */
  | 'no-rule'
  /** The sender may not send from this address (S17). */
  | 'source-not-own'
  /** No port answers for the address. */
  | 'no-such-address'
  /** The port that has the address is on no host, or not to be had there: see the text. */
  | 'unbound'
  | 'binding-failed'
  | 'not-compiled'
  /** Of this floating IP other ports are forwarded (S23). */
  | 'not-forwarded'
  /** The link's own groups, broadcast and link-local destinations stay on the link (S3, S11). */
  | 'link-only'
  /** Nobody listens to the multicast group (S10). */
  | 'no-listener'
  /** It listens to the group, and not to this source of it. */
  | 'source-not-wanted'
  /** One of the two hosts has no end of tunnels, without which multicast does not leave a host. */
  | 'no-tunnel'
  /** A host answers its instances only what S18 says. */
  | 'host-service'
  /** The sender's address is another's, or nobody's: the answers do not come to it. */
  | 'answers-elsewhere';

/** One reason why it does not pass; there may be several, and each has to go. */
export type Blocker = {
  readonly code: BlockerCode;
  /** Of the first packet, or of the answers to it. */
  readonly direction: 'forward' | 'reply';
  /** At which end of the flow. */
  readonly side: 'source' | 'destination';
  readonly host: HostName | null;
  readonly endpoint: string | null;
  /** The groups that were looked at, of a policy. */
  readonly policies: readonly string[];
  readonly text: string;
  /** Null: nothing that the API can change. */
  readonly opening: Opening | null;
};

/** Worth knowing, without deciding anything. */
export type Warning = {
  readonly code:
    | 'host-not-heard-of'
    | 'not-programmed'
    | 'port-assumed'
    | 'spread'
    | 'answers-spread'
    | 'holder-down'
    | 'rate-limited'
    | 'source-nat'
    | 'more-listeners';
  readonly host: HostName | null;
  readonly text: string;
};

/** One direction of a way. */
export type Passage = { readonly answer: Answer; readonly steps: readonly Step[] };

/** From one sender to one receiver. */
export type Way = {
  /** `refused` when the first packet or the answers to it do not pass. */
  readonly answer: Answer;
  readonly source: EndFacts;
  readonly destination: EndFacts;
  readonly forward: Passage;
  /** Null for what nobody answers: ICMP messages that are no questions, and multicast. */
  readonly reply: Passage | null;
  /** The largest packet in bytes that both ends are told; null where neither end is a port. */
  readonly mtu: number | null;
  /** All there are, in order of the way; those of the answers last. */
  readonly blockers: readonly Blocker[];
  readonly warnings: readonly Warning[];
};

/** The whole answer: `mixed` where some ways pass and some do not, as with anycast. */
export type Explanation = {
  readonly flow: FlowFacts;
  readonly answer: Answer | 'mixed';
  /** One for each sender and receiver, sorted by their ids; at least one. Anycast has one for each holder that may get the flow, multicast one for each listener. */
  readonly ways: readonly Way[];
};
