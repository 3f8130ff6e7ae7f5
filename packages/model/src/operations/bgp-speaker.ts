import type { Declaration } from '../declaration.js';
import type { StandardAttributes } from '../resource.js';
import { idAttribute, NAME_LENGTH, ownerAttributes, settable, told } from '../standard-attributes.js';
import { boolean, nameText, oneOf, readOnly } from '../value-rule.js';
import { asNumber } from './bgp-peer.js';

/** A Neutron BGP speaker. */
export type BgpSpeaker = StandardAttributes & {
  readonly name: string;
  readonly local_as: number;
  readonly ip_version: 4 | 6;
  readonly advertise_floating_ip_host_routes: boolean;
  readonly advertise_tenant_networks: boolean;
  /** Ids, in the order added. */
  readonly peers: readonly string[];
  readonly networks: readonly string[];
  /** True since it was first given a network: from then on it announces those of its networks alone, none when it has none left. */
  readonly has_own_networks?: boolean;
  /** Which hosts speak for it, by their agents: every host but these, or these alone. Absent: every host. */
  readonly hosting?: { readonly isEverywhere: boolean; readonly agents: readonly string[] };
};

/** What a creation asks for, decoded. */
export type BgpSpeakerDraft = Pick<
  BgpSpeaker,
  'project_id' | 'name' | 'local_as' | 'ip_version' | 'advertise_floating_ip_host_routes' | 'advertise_tenant_networks'
>;

const ids = { ...readOnly({ type: 'array', items: { type: 'string', format: 'uuid' } }) };

/** BGP speakers, declared. Extension: `bgp`. */
export const bgpSpeakerDeclaration: Declaration<'bgp_speaker'> = {
  kind: 'bgp_speaker',
  collection: 'bgp_speakers',
  path: 'bgp-speakers',
  notFound: 'BgpSpeakerNotFound',
  attributes: {
    ...idAttribute,
    name: settable('A name for people; need not be unique.', nameText(NAME_LENGTH), ''),
    ...ownerAttributes,
    local_as: { ...told('The AS number of the hosts, towards its peers.', asNumber), onCreate: 'required' },
    ip_version: { ...told('The family of what it announces.', oneOf([4, 6])), onCreate: 'required' },
    peers: { ...told('Ids of its peers; see `add_bgp_peer`.', ids), isFilter: false, isSortKey: false },
    networks: { ...told('Ids of its networks; see `add_gateway_network`.', ids), isFilter: false, isSortKey: false },
    advertise_floating_ip_host_routes: settable(
      'Whether it announces the addresses of its networks, floating IPs among them.',
      boolean,
      true,
    ),
    advertise_tenant_networks: settable(
      'Whether it announces the addresses of the networks that routers connect to its networks.',
      boolean,
      true,
    ),
  },
  computed: {},
  filters: {},
  indexed: { project_id: 'bgp_speaker.project_id' },
};
