import { asMac, type Mac } from '@manx/ip';

/** The MAC of the host's end of a guest's tap: `fe` and the last five bytes of the guest's, as libvirt does and Neutron's `vif_details` says. */
export function hostSideMac(mac: Mac): Mac {
  return asMac(`fe${mac.slice(2)}`);
}
