import { type Endpoint, isObjectId } from '@manx/hoststate';
import { familyOf } from '@manx/ip';
import type { NftChain } from '../host-plan.js';
import { remember } from '../remember.js';
import { fromChain, policyChain, toChain } from './names.js';

/** What one endpoint puts into the tables: its two chains, and its elements of the shared sets and maps. */
export type EndpointNft = {
  readonly tap: string;
  /** Chain by name. */
  readonly chains: ReadonlyArray<readonly [string, NftChain]>;
  readonly egress: string;
  readonly ingress: string;
  /** What it may send from (S17): interface, MAC, address. */
  readonly macs: readonly string[];
  readonly sourcesV4: readonly string[];
  readonly sourcesV6: readonly string[];
  readonly arpSenders: readonly string[];
  readonly arpOwn: readonly string[];
};

/**
 * Renders an endpoint, as if all of its policies existed: `renderTables` gives those that do not an empty chain.
 * Its chains see the flow's state first, then each group in turn; what no group accepts is dropped, and so is everything without groups (S16).
 */
export const renderEndpoint = remember((endpoint: Endpoint): EndpointNft => {
  const { ifname, mac } = endpoint;
  const ips = endpoint.addresses.map(({ ip }) => ip);
  const v4 = ips.filter((ip) => familyOf(ip) === 4);
  return {
    tap: `"${ifname}"`,
    chains: [
      [fromChain(ifname), endpointChain(endpoint, 'egress')],
      [toChain(ifname), endpointChain(endpoint, 'ingress')],
    ],
    egress: `goto ${fromChain(ifname)}`,
    ingress: `goto ${toChain(ifname)}`,
    macs: [`"${ifname}" . ${mac}`],
    sourcesV4: v4.map((ip) => `"${ifname}" . ${mac} . ${ip}`),
    sourcesV6: ips.filter((ip) => familyOf(ip) === 6).map((ip) => `"${ifname}" . ${mac} . ${ip}`),
    // 0.0.0.0 is the sender of a duplicate-address probe (RFC 5227, section 2.1.1).
    arpSenders: ['0.0.0.0', ...v4].map((ip) => `"${ifname}" . ${mac} . ${mac} . ${ip}`),
    arpOwn: v4.map((ip) => `"${ifname}" . ${ip}`),
  };
});

function endpointChain(endpoint: Endpoint, direction: 'ingress' | 'egress'): NftChain {
  const jumps = endpoint.policies.filter(isObjectId).map((policy) => `jump ${policyChain(direction, policy)}`);
  return { hook: null, rules: ['jump stateful', ...jumps, 'drop'] };
}
