import { type Endpoint, isObjectId, isSilent } from '@manx/hoststate';
import { type Cidr, cidrFirst, familyOf, hostCidr, ipValue } from '@manx/ip';
import type { NftChain } from '../host-plan.js';
import { remember } from '../remember.js';
import { CLAIM_CHAIN } from './claim-chains.js';
import { drop } from './drop-chains.js';
import { type FloatingNft, renderFloating } from './floating-nft.js';
import { framesOf } from './frame-chains.js';
import { limitRule } from './limit-rule.js';
import { loggedPolicies } from './log-chains.js';
import { claimChain, fromChain, loggedChain, policyChain, toChain } from './names.js';
import { type NdElements, ndElements } from './nd-elements.js';
import { isSingle, pairElements } from './pair-elements.js';

/** What one endpoint puts into the tables: its two chains, and its elements of the shared sets and maps. */
export type EndpointNft = FloatingNft &
  NdElements & {
    readonly tap: string;
    /** Chain by name. */
    readonly chains: ReadonlyArray<readonly [string, NftChain]>;
    /** Chain by name, in both tables: of one that has pairs. */
    readonly claimChains: ReadonlyArray<readonly [string, NftChain]>;
    readonly egress: string;
    readonly ingress: string;
    /** The chain of the table `netdev manx` that sees each of its frames first. */
    readonly frames: readonly [string, NftChain];
    /** The tap, where every packet that it sends meets a rule of its own: limits, marks, and stateless groups. */
    readonly checked: readonly string[];
    /** The tap, where port security is off; and where connections that began elsewhere go on. */
    readonly unsecured: readonly string[];
    readonly moved: readonly string[];
    /** What it may send from (S17): interface, MAC, address; and prefixes of them. */
    readonly macs: readonly string[];
    readonly dhcpClients: readonly string[];
    readonly sourcesV4: readonly string[];
    readonly sourcesV6: readonly string[];
    readonly sourceNetsV4: readonly string[];
    readonly sourceNetsV6: readonly string[];
    readonly arpSenders: readonly string[];
    readonly arpSenderNets: readonly string[];
    readonly arpOwn: readonly string[];
    readonly arpPairs: readonly string[];
    /** The tap and the addresses of one whose flows are not to be tracked. */
    readonly untracked: readonly string[];
    readonly untrackedV4: readonly string[];
    readonly untrackedV6: readonly string[];
    readonly untrackedNets: readonly Cidr[];
    /** What one whose flows are tracked is sent packets for; nothing of the others. */
    readonly tracked: readonly Cidr[];
  };

/**
 * Renders an endpoint, as if all of its policies existed: `renderTables` gives those that do not an empty chain.
 * Its chains limit and mark, see the flow's state, then each group in turn; what no group accepts is dropped, and so is everything
 * without groups (S16). Without port security nothing is (S19).
 */
export const renderStateful = remember((endpoint: Endpoint): EndpointNft => render(endpoint, { isStateful: true, isTracked: true }));

/** The same for an endpoint of stateless groups: each packet has to be allowed for itself, and its flows are not tracked. */
export const renderStateless = remember((endpoint: Endpoint): EndpointNft => render(endpoint, { isStateful: false, isTracked: false }));

/**
 * The same where connections are translated to it, by a floating IP or a forward of its own or of another endpoint on this host: each packet has to be
 * allowed for itself, but its flows are tracked, for what is translated is remembered nowhere else.
 */
export const renderTranslated = remember((endpoint: Endpoint): EndpointNft => render(endpoint, { isStateful: false, isTracked: true }));

function render(endpoint: Endpoint, { isStateful, isTracked }: { readonly isStateful: boolean; readonly isTracked: boolean }): EndpointNft {
  const { ifname, mac } = endpoint;
  const tap = `"${ifname}"`;
  const ips = endpoint.addresses.map(({ ip }) => ip);
  const v4 = ips.filter((ip) => familyOf(ip) === 4);
  const v6 = ips.filter((ip) => familyOf(ip) === 6);
  const { macs, ...pairs } = pairElements(endpoint);
  const isReceiver = !isTracked && !isSilent(endpoint);
  const prefixes = receivedPrefixes(endpoint);
  const routed = isReceiver ? prefixes : [];
  const received = isReceiver ? [...new Set([...ips, ...routed.filter(isSingle).map(cidrFirst)])] : [];
  const floating = renderFloating(endpoint);
  return {
    ...floating,
    ...ndElements(endpoint),
    tap,
    chains: [
      ...floating.limitChains,
      [fromChain(ifname), endpointChain(endpoint, 'egress', isStateful)],
      [toChain(ifname), endpointChain(endpoint, 'ingress', isStateful)],
    ],
    claimChains: endpoint.pairs.length === 0 ? [] : [[claimChain(ifname), CLAIM_CHAIN]],
    egress: `goto ${fromChain(ifname)}`,
    ingress: `goto ${toChain(ifname)}`,
    frames: [fromChain(ifname), framesOf(endpoint)],
    checked: treatmentOf(endpoint, 'egress').length > 0 || (endpoint.isSecured && !isStateful) ? [tap] : [],
    unsecured: endpoint.isSecured ? [] : [tap],
    moved: endpoint.picksUp ? [tap] : [],
    macs: macs.map((one) => `${tap} . ${one}`),
    dhcpClients: v4.map((ip) => `${tap} . 0x${ipValue(ip).toString(16)}`),
    sourcesV4: [...v4.map((ip) => `${tap} . ${mac} . ${ip}`), ...pairs.sourcesV4],
    sourcesV6: [...v6.map((ip) => `${tap} . ${mac} . ${ip}`), ...pairs.sourcesV6],
    sourceNetsV4: pairs.sourceNetsV4,
    sourceNetsV6: pairs.sourceNetsV6,
    // 0.0.0.0 is the sender of a duplicate-address probe (RFC 5227, section 2.1.1).
    arpSenders: [
      ...macs.map((one) => `${tap} . ${one} . ${one} . 0.0.0.0`),
      ...v4.map((ip) => `${tap} . ${mac} . ${mac} . ${ip}`),
      ...pairs.arpSenders,
    ],
    arpSenderNets: pairs.arpSenderNets,
    arpOwn: v4.map((ip) => `${tap} . ${ip}`),
    arpPairs: pairs.arpPairs,
    untracked: isTracked ? [] : [tap],
    untrackedV4: received.filter((ip) => familyOf(ip) === 4),
    untrackedV6: received.filter((ip) => familyOf(ip) === 6),
    untrackedNets: routed.filter((cidr) => !isSingle(cidr)),
    tracked:
      isTracked && !isSilent(endpoint)
        ? [...[...endpoint.addresses, ...endpoint.floating, ...endpoint.forwards].map(({ ip }) => hostCidr(ip)), ...prefixes]
        : [],
  };
}

/** The pairs that packets are sent to it for, and what it has claimed. */
function receivedPrefixes({ pairs, claims }: Endpoint): readonly Cidr[] {
  return [...pairs.flatMap(({ cidr, isRouted, isYielded }) => (isRouted && !isYielded ? [cidr] : [])), ...claims.map((ip) => hostCidr(ip))];
}

function endpointChain(endpoint: Endpoint, direction: 'ingress' | 'egress', isStateful: boolean): NftChain {
  const treatment = treatmentOf(endpoint, direction);
  if (!endpoint.isSecured) return { hook: null, rules: [...treatment, 'accept'] };
  const logged = loggedPolicies(endpoint);
  const chainOf = (policy: string): string => (logged.has(policy) ? loggedChain : policyChain)(direction, policy);
  const jumps = endpoint.policies.filter(isObjectId).map((policy) => `jump ${chainOf(policy)}`);
  return {
    hook: null,
    rules: [...treatment, ...(isStateful ? [`jump stateful-${direction}`] : []), ...jumps, drop(`${direction}-policy`)],
  };
}

/** Limits and marks, which are for every packet: also for those of flows that were accepted long ago. Bandwidth is the tap's to limit (`tokenBuckets`). */
function treatmentOf({ qos }: Endpoint, direction: 'ingress' | 'egress'): string[] {
  const limits = qos.limits
    .filter((limit) => limit.direction === direction && limit.unit === 'packets')
    .map((limit) => limitRule(limit, `${direction}-rate`));
  const isMarked = direction === 'egress' && qos.dscp !== null;
  return [...limits, ...(isMarked ? [`ip dscp set ${qos.dscp}`, `ip6 dscp set ${qos.dscp}`] : [])];
}
