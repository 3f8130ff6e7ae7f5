import type { DropReason, IfName } from '@manx/hoststate';
import type { Family, Ip } from '@manx/ip';

/** Names of chains, sets and maps: they carry the ids of what they stand for, so that `nft list` reads well. */

/** The chain of all that an instance sends. */
export const fromChain = (ifname: IfName): string => `from-${ifname}`;

/** The chain of all that is sent to an instance. */
export const toChain = (ifname: IfName): string => `to-${ifname}`;

/** The chain of what an instance announces. */
export const claimChain = (ifname: IfName): string => `claim-${ifname}`;

/** The chain of a security group's rules in one direction, shared by its ports. */
export const policyChain = (direction: 'ingress' | 'egress', policy: string): string => `${direction}-${policy}`;

/** The same chain for ports where what it accepts is logged. */
export const loggedChain = (direction: 'ingress' | 'egress', policy: string): string => `${direction}-logged-${policy}`;

/** The chain that logs what is accepted, and accepts it. */
export const acceptChain = (direction: 'ingress' | 'egress'): string => `accept-${direction}`;

/** The set of a remote or address group's addresses of one family. */
export const groupSet = (set: string, family: Family): string => `group-${set}-v${family}`;

/** The set of the prefixes of one family in a set; small, and so an interval set. */
export const prefixSet = (set: string, family: Family): string => `group-${set}-nets-v${family}`;

/** The chain of the limit of a floating IP in one direction. */
export const limitChain = (direction: 'ingress' | 'egress', ip: Ip): string => `limit-${direction}-${ip}`;

/** What the names of the sets begin with that count drops by tap; the reason follows. */
export const DROP_METER_PREFIX = 'drop-';

/** The set that counts the drops for a reason, and the chain that does both; chains and sets have names of their own. */
export const dropName = (reason: DropReason): string => `${DROP_METER_PREFIX}${reason}`;

/** The set that holds how many samples of a drop a tap may still give. */
export const sampleName = (reason: DropReason): string => `sample-${reason}`;

/** What the names of the counters begin with that count what a rule accepted; the rule's id follows. */
export const RULE_COUNTER_PREFIX = 'rule-';

/** The counter of a security group rule. */
export const ruleCounter = (rule: string): string => `${RULE_COUNTER_PREFIX}${rule}`;

/** Whether this is the name of an interface for an instance, as Neutron makes it; within IFNAMSIZ. */
export const isTapName = (ifname: string): ifname is IfName => /^tap[0-9A-Za-z_.-]{1,12}$/.test(ifname);
