import { asCidr, asIp, cidrContains, cidrsOverlap } from '@manx/ip';
import type { Cloud, CloudInstance } from './cloud.js';

/** What makes no sense in a cloud, and where in its file. */
export type CloudProblem = { readonly at: readonly (string | number)[]; readonly detail: string };

type Parts = Omit<Cloud, 'expectations'>;

/** Subnets that overlap another's: all networks share one address space (S13). */
const overlaps = ({ networks }: Parts): CloudProblem[] => {
  const subnets = networks.flatMap(({ name, subnets: cidrs }) => cidrs.map((cidr, index) => ({ name, index, cidr })));
  return subnets.flatMap(({ name, index, cidr }, place) => {
    const other = subnets.slice(0, place).find((one) => cidrsOverlap(asCidr(one.cidr), asCidr(cidr)));
    if (other === undefined) return [];
    return [
      {
        at: ['networks', name, 'subnets', index],
        detail: `${cidr} overlaps ${other.cidr} of network ${other.name}; all networks share one address space`,
      },
    ];
  });
};

const foreignGroups = ({ groups }: Parts, { name, project, groups: wanted }: CloudInstance): CloudProblem[] =>
  wanted.flatMap((group, index) => {
    const owner = groups.find((one) => one.name === group)?.project;
    if (owner === undefined || owner === project) return [];
    return [{ at: ['instances', name, 'groups', index], detail: `group ${group} is of project ${owner}, ${name} of project ${project}` }];
  });

const misplacedAddress = ({ networks, instances }: Parts, { name, network, address }: CloudInstance): CloudProblem[] => {
  if (address === null) return [];
  const at = ['instances', name, 'address'];
  const holder = instances.find((one) => one.address === address && one.name !== name);
  if (holder !== undefined) return [{ at, detail: `${address} is ${holder.name}'s already` }];
  const subnets = networks.find((one) => one.name === network)?.subnets ?? [];
  if (subnets.some((cidr) => cidrContains(asCidr(cidr), asIp(address)))) return [];
  return [{ at, detail: `${address} is in no subnet of network ${network} (${subnets.join(', ')})` }];
};

/** Everything in a cloud that the server would refuse and a reader of the file can see; empty when it makes sense. */
export const cloudProblems = (cloud: Parts): readonly CloudProblem[] => [
  ...overlaps(cloud),
  ...cloud.instances.flatMap((instance) => [...foreignGroups(cloud, instance), ...misplacedAddress(cloud, instance)]),
];
