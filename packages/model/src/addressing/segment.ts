import type { Declaration } from '../declaration.js';
import type { StandardAttributes } from '../resource.js';
import { changedSince, hiddenOwnerAttributes, idAttribute, NAME_LENGTH, settable, untaggedAttributes } from '../standard-attributes.js';
import { integer, oneOf, orNull, text, uuid } from '../value-rule.js';

/** A Neutron segment: a part of a network. Its physical network says on which hosts ports get addresses of its subnets; packets are routed everywhere all the same. */
export type Segment = StandardAttributes & {
  readonly name: string | null;
  readonly network_id: string;
  readonly network_type: 'flat' | 'local';
  readonly physical_network: string | null;
  readonly segmentation_id: null;
};

/** What a creation asks for, decoded. */
export type SegmentDraft = Pick<Segment, 'project_id' | 'description' | 'network_id' | 'network_type'> & {
  readonly name?: string | null;
  readonly physical_network?: string | null;
  readonly segmentation_id?: number;
};

const fixed = { onUpdate: 'refused' } as const;

/** Segments, declared. Extensions: `segment`, `standard-attr-segment`. Their owner is not seen: only administrators see segments at all. */
export const segmentDeclaration: Declaration<'segment'> = {
  kind: 'segment',
  collection: 'segments',
  path: 'segments',
  notFound: 'SegmentNotFound',
  attributes: {
    ...idAttribute,
    ...hiddenOwnerAttributes,
    network_id: { ...settable('The network that it is a part of.', uuid, undefined), ...fixed, onCreate: 'required' },
    name: settable('A name for people.', orNull(text(NAME_LENGTH)), undefined),
    network_type: { ...settable('`flat` or `local`.', oneOf(['flat', 'local']), undefined), ...fixed, onCreate: 'required' },
    physical_network: {
      ...settable('What hosts call it that are on it (`physical_networks` of agent.yaml).', orNull(text(64)), undefined),
      ...fixed,
    },
    segmentation_id: {
      ...settable('None: there are no VLANs or tunnels to number.', integer(0, 0xff_ff_ff), undefined),
      ...fixed,
      isFilter: false,
    },
    ...untaggedAttributes,
  },
  computed: {},
  filters: { ...changedSince },
  indexed: { network_id: 'segment.network_id' },
};
