import type { IfName } from '@manx/hoststate';
import { familyOf, isLinkLocal } from '@manx/ip';
import type { LinkPlan } from '@manx/render';
import type { AddressFact, HostFacts, LinkFact } from './host-facts.js';
import { planLimits } from './plan-limits.js';
import type { Step } from './step.js';

/** Writes what differs or is not known; `ifname` is whose they are, null for the host's. In the order of the plan. */
export function planSysctls(wanted: ReadonlyMap<string, string>, facts: HostFacts, ifname: IfName | null): Step[] {
  const steps: Step[] = [];
  for (const [path, value] of wanted) if (facts.sysctls.get(path) !== value) steps.push({ kind: 'write-sysctl', path, value, ifname });
  return steps;
}

/**
 * Makes a tap what it must be; nothing when it is not there. Sysctls come first: no address is given by the kernel or
 * probed for (addr_gen_mode, accept_dad) once they stand. The addresses become exactly those of the plan, new ones before
 * old ones go; one that the kernel is still probing for is given again without that.
 */
export function planLink(link: LinkPlan, facts: HostFacts): Step[] {
  const { ifname, mac } = link;
  const found = facts.links.get(ifname);
  if (found === undefined) return [];
  const sysctls = planSysctls(withinMtu(link, found.mtu), facts, ifname);
  const limits = planLimits(link, facts);
  if (sysctls.length + limits.length === 0 && found.mac === mac && isSettled(link.addresses, found.addresses)) return [];
  const tentative = found.addresses.filter((address) => address.isTentative === true && has(link.addresses, address));
  const standing = found.addresses.filter((address) => address.isTentative !== true);
  return [
    ...sysctls,
    ...limits,
    ...(found.mac === mac ? [] : [{ kind: 'set-mac', ifname, mac } as const]),
    ...tentative.map((address) => deleteAddress(ifname, address)),
    ...link.addresses.filter((address) => !has(standing, address)).map((address) => addAddress(ifname, address)),
    ...found.addresses.filter((address) => !has(link.addresses, address)).map((address) => deleteAddress(ifname, address)),
  ];
}

/** The tap's sysctls with an IPv6 MTU that the kernel takes: no more than the tap's own. */
function withinMtu({ ifname, sysctls }: LinkPlan, mtu: number): ReadonlyMap<string, string> {
  const path = `net/ipv6/conf/${ifname}/mtu`;
  return Number(sysctls.get(path) ?? 0) <= mtu ? sysctls : new Map([...sysctls, [path, String(mtu)]]);
}

/**
 * Whether the steps of `planLink` take away the last IPv4 address of the tap: the kernel then removes every IPv4 route
 * and neighbour entry on it too (fib_disable_ip, net/ipv4/fib_frontend.c).
 */
export function losesV4(link: LinkPlan, facts: HostFacts): boolean {
  const hasV4 = (addresses: readonly AddressFact[]): boolean => addresses.some(({ ip }) => familyOf(ip) === 4);
  return hasV4(facts.links.get(link.ifname)?.addresses ?? []) && !hasV4(link.addresses);
}

/** Lets go of a tap that was ours: it forwards nothing, answers for nobody, and has no address. */
export function releaseLink(ifname: IfName, facts: HostFacts): Step[] {
  const closed = new Map([
    [`net/ipv4/conf/${ifname}/forwarding`, '0'],
    [`net/ipv4/conf/${ifname}/proxy_arp`, '0'],
    [`net/ipv6/conf/${ifname}/forwarding`, '0'],
  ]);
  const addresses = facts.links.get(ifname)?.addresses ?? [];
  return [...planSysctls(closed, facts, ifname), ...addresses.map((address) => deleteAddress(ifname, address))];
}

/** Whether all addresses stand, and no others: of most taps, most of the time. */
function isSettled(wanted: readonly AddressFact[], found: LinkFact['addresses']): boolean {
  return wanted.length === found.length && found.every((address) => address.isTentative !== true && has(wanted, address));
}

function deleteAddress(ifname: IfName, { ip, prefixLength }: AddressFact): Step {
  return { kind: 'delete-address', ifname, ip, prefixLength };
}

function addAddress(ifname: IfName, { ip, prefixLength }: AddressFact): Step {
  return { kind: 'add-address', ifname, ip, prefixLength, hasPrefixRoute: isLinkLocal(ip) && familyOf(ip) === 6 };
}

function has(addresses: readonly AddressFact[], { ip, prefixLength }: AddressFact): boolean {
  return addresses.some((other) => other.ip === ip && other.prefixLength === prefixLength);
}
