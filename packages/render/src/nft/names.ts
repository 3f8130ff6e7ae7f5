import type { IfName } from '@manx/hoststate';
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

/** The set of a remote or address group's addresses of one family. */
export const groupSet = (set: string, family: Family): string => `group-${set}-v${family}`;

/** The set of the prefixes of one family in a set; small, and so an interval set. */
export const prefixSet = (set: string, family: Family): string => `group-${set}-nets-v${family}`;

/** The chain of the limit of a floating IP in one direction. */
export const limitChain = (direction: 'ingress' | 'egress', ip: Ip): string => `limit-${direction}-${ip}`;

/** Whether this is the name of an interface for an instance, as Neutron makes it; within IFNAMSIZ. */
export const isTapName = (ifname: string): ifname is IfName => /^tap[0-9A-Za-z_.-]{1,12}$/.test(ifname);
