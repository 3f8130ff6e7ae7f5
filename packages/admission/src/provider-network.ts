import { type Network, type NetworkDraft, type Problem, problem } from '@manx/model';
import type { Work } from './work.js';

/** What a network says of the operator's fabric. */
export type Provider = Pick<Network, 'provider:network_type' | 'provider:physical_network'>;

const LOCAL: Provider = { 'provider:network_type': 'local', 'provider:physical_network': null };

/**
 * The provider attributes of a new network: `local` unless told, or `flat` with a physical network that no other network has. All other
 * types tell apart what shares a link, of which there is none here (neutron `plugins/ml2/drivers/type_{flat,local}.py`, whose words these are).
 */
export function providerOf(work: Work, draft: Partial<NetworkDraft>): Provider | Problem {
  const type = draft['provider:network_type'] ?? null;
  const physical = draft['provider:physical_network'] ?? null;
  const segment = draft['provider:segmentation_id'] ?? null;
  if (type === null) return physical === null && segment === null ? LOCAL : invalid('network_type required');
  if (type === 'local') {
    if (physical !== null && physical !== '') return invalid('physical_network prohibited for local provider network');
    return segment === null ? LOCAL : invalid('segmentation_id prohibited for local provider network');
  }
  if (type !== 'flat') return invalid(`network_type value '${type}' not supported`);
  if (physical === null || physical === '') return invalid('physical_network required for flat provider network');
  if (segment !== null) return invalid('segmentation_id prohibited for flat provider network');
  if (work.state.countBy('network.physical_network', physical) > 0) return problem('FlatNetworkInUse', { physical_network: physical });
  return { 'provider:network_type': 'flat', 'provider:physical_network': physical };
}

/** That an update leaves the provider attributes as they are: Neutron changes none but a VLAN's id. */
export function checkProviderUpdate(network: Network, values: Partial<NetworkDraft>): Problem | null {
  for (const name of ['provider:network_type', 'provider:physical_network'] as const) {
    const asked = values[name];
    if (asked === undefined || asked === network[name]) continue;
    return invalid(
      'Plugin does not support updating the following provider network attributes: provider:network_type, provider:physical_network',
    );
  }
  const segment = values['provider:segmentation_id'] ?? null;
  return segment === null ? null : invalid('Only VLAN type networks can be updated.');
}

function invalid(error_message: string): Problem {
  return problem('InvalidInput', { error_message });
}
