import { cidrsOverlap, familyOf, prefixLength } from '@manx/ip';
import { type AddressPair, type AddressPairWish, duplicatePair, type Port, type Problem, pairCidr, problem } from '@manx/model';
import { mayUse } from './authority.js';
import { UNROUTABLE } from './subnet-shape.js';
import type { Work } from './work.js';

/** Neutron's `max_allowed_address_pair`. */
const DEFAULT_LIMIT = 10;

/** A port whose pairs are decided. */
type Holder = Pick<Port, 'mac_address' | 'network_id'>;

/**
 * The address pairs of a port: without a MAC, with the port's as it is now, as in Neutron. Beyond Neutron, because pairs are routed here
 * (S8) and not only let through on a link: no prefix that nobody routes to an instance, and nobody takes a single
 * address out of another project's subnet on another network, but by policy. A prefix takes nothing from anyone: the longest one wins.
 */
export function addressPairs(work: Work, holder: Holder, wishes: readonly AddressPairWish[]): AddressPair[] | Problem {
  const quota = work.context.settings.max_allowed_address_pair ?? DEFAULT_LIMIT;
  if (wishes.length > quota) return problem('AllowedAddressPairExhausted', { quota });
  const pairs: AddressPair[] = [];
  for (const { ip_address, mac_address = holder.mac_address } of wishes) {
    const wrong = checkPair(work, holder, ip_address);
    if (wrong !== null) return wrong;
    if (pairs.some((other) => other.ip_address === ip_address && other.mac_address === mac_address)) {
      return duplicatePair({ ip_address, mac_address });
    }
    pairs.push({ mac_address, ip_address });
  }
  return pairs;
}

function checkPair(work: Work, { network_id }: Holder, ip_address: AddressPair['ip_address']): Problem | null {
  const cidr = pairCidr({ ip_address });
  const never = UNROUTABLE.find(({ prefix }) => cidrsOverlap(cidr, prefix));
  if (never !== undefined) {
    return problem('InvalidInput', {
      error_message: `${never.what} address pair is not supported: ${ip_address} overlaps ${never.prefix}`,
    });
  }
  if (prefixLength(cidr) < (familyOf(cidr) === 4 ? 32 : 128)) return null;
  const subnets = work.state.overlapping(cidr);
  // Where the operator lets CIDRs overlap, an address may lie in the port's own network too: then it is that network's.
  const isOwn = subnets.some((subnet) => subnet.network_id === network_id);
  const isKept = subnets.some(
    (subnet) =>
      work.state.get('network', subnet.network_id)?.project_id !== work.actor.project_id &&
      !mayUse(work, 'set_port:foreign_address_pair', { kind: 'subnet', resource: subnet }),
  );
  if (isOwn || !isKept) return null;
  return problem('InvalidInput', { error_message: `address pair ${ip_address} lies in a subnet of another project on another network` });
}
