import { type Network, notFound, type Problem, problem, type Segment, type SegmentDraft, type Subnet } from '@manx/model';
import type { Work } from '../work.js';

/** The segment that each network has from its beginning, as in Neutron. */
export function addFirstSegment(work: Work, network: Network): void {
  work.create('segment', {
    project_id: network.project_id,
    description: '',
    name: null,
    network_id: network.id,
    network_type: network['provider:network_type'],
    physical_network: network['provider:physical_network'],
    segmentation_id: null,
  });
}

/** Makes a further segment of a network. */
export function createSegment(work: Work, draft: SegmentDraft): Segment | Problem {
  const { network_id, network_type, name = null, physical_network = null, segmentation_id, description } = draft;
  const network = work.state.get('network', network_id);
  if (network === undefined) return notFound('network', network_id);
  if (segmentation_id !== undefined) return invalid(`segmentation_id prohibited for ${network_type} provider network`);
  if (network_type === 'flat' && physical_network === null) return invalid('physical_network required for flat provider network');
  if (network_type === 'local' && physical_network !== null) return invalid('physical_network specified for local provider network');
  const isTaken =
    physical_network !== null &&
    work.state.by('segment.network_id', network_id).some((other) => other.physical_network === physical_network);
  if (isTaken) return invalid(`Network ${network_id} has a segment on physical network ${physical_network} already`);
  return work.create('segment', {
    project_id: network.project_id,
    description,
    name,
    network_id,
    network_type,
    physical_network,
    segmentation_id: null,
  });
}

/** Changes what a segment is called. */
export function updateSegment(work: Work, segment: Segment, values: Partial<SegmentDraft>): Segment {
  const { name = segment.name, description = segment.description } = values;
  return work.update('segment', segment, { name, description });
}

/** Deletes a segment that no subnet is on. */
export function deleteSegment(work: Work, segment: Segment): Problem | null {
  const subnets = work.state.by('subnet.segment_id', segment.id).map(({ id }) => id);
  if (subnets.length > 0) {
    const reason = `The segment is still associated with subnet(s) ${subnets.sort().slice(0, 20).join(', ')}`;
    return problem('SegmentInUse', { id: segment.id, reason });
  }
  work.delete('segment', segment.id);
  return null;
}

/** Why a new subnet cannot be on this segment (null: on none), if it cannot: a network's subnets are all on segments, or none is. */
export function checkSubnetSegment(work: Work, subnet: Pick<Subnet, 'network_id' | 'segment_id'>): Problem | null {
  const { network_id, segment_id } = subnet;
  const wrong = segment_id === null ? null : checkMember(work, network_id, segment_id);
  if (wrong !== null) return wrong;
  const isMixed = work.state.by('subnet.network_id', network_id).some((other) => (other.segment_id === null) !== (segment_id === null));
  return isMixed ? problem('SubnetsNotAllAssociatedWithSegments', { network_id }) : null;
}

/** Why a subnet cannot be put on another segment, if it cannot: only the one subnet of a network with one segment, and only once. */
export function checkSegmentChange(work: Work, subnet: Subnet, segment: string | null): Problem | null {
  if (segment === subnet.segment_id) return null;
  if (subnet.segment_id !== null || segment === null) return problem('SubnetSegmentAssociationChangeNotAllowed', {});
  const { network_id } = subnet;
  const wrong = checkMember(work, network_id, segment);
  if (wrong !== null) return wrong;
  if (work.state.countBy('subnet.network_id', network_id) > 1) return problem('SubnetsNotAllAssociatedWithSegments', { network_id });
  if (work.state.countBy('segment.network_id', network_id) > 1)
    return problem('NoUpdateSubnetWhenMultipleSegmentsOnNetwork', { network_id });
  return null;
}

function checkMember(work: Work, network: string, id: string): Problem | null {
  const segment = work.state.get('segment', id);
  if (segment === undefined) return notFound('segment', id);
  return segment.network_id === network ? null : problem('NetworkIdsDontMatch', { subnet_network: network, segment_id: id });
}

function invalid(error_message: string): Problem {
  return problem('InvalidInput', { error_message });
}
