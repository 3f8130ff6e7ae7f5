import { hostSideMac } from '@manx/hoststate';
import { asIp, asMac, type Cidr, cidrFirst, cidrOf, type Ip, linkLocalFor, offsetIp } from '@manx/ip';
import { LabError } from '../lab-error.js';
import type { Instance } from '../running-lab.js';
import type { Guest } from './field.js';

/** The address so far into a prefix; its first where there are not so many. */
export const nthAddress = (cidr: Cidr, offset: bigint): Ip => offsetIp(cidrFirst(cidr), offset) ?? cidrFirst(cidr);

/** An instance with one address of each family (LabError `no-address` otherwise), and what follows from its MAC and addresses. */
export const guestOf = (instance: Instance): Guest => {
  const [v4, v6] = [instance.addresses.find((one) => !one.includes(':')), instance.addresses.find((one) => one.includes(':'))];
  if (v4 === undefined || v6 === undefined)
    throw new LabError('no-address', `${instance.name} has no address of both families: ${instance.addresses.join(', ')}`);
  const hostMac = hostSideMac(asMac(instance.mac));
  return {
    ...instance,
    v4: asIp(v4),
    v6: asIp(v6),
    hostMac,
    linkLocal: linkLocalFor(asMac(instance.mac)),
    router: linkLocalFor(hostMac),
    gateway6: nthAddress(cidrOf(asIp(v6), 64), 1n),
  };
};
