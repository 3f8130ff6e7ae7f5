import { asCidr, type Cidr, cidrsOverlap, familyOf } from '@manx/ip';
import { apiUrl } from '../api-socket.js';
import { clientFor, subnetBody } from '../apply-cloud.js';
import { bootInstance, deleteInstance } from '../instances.js';
import { LabError } from '../lab-error.js';
import { fabricPrefixes, outsideNetwork4, outsideNetwork6 } from '../layout.js';
import { type NeutronClient, type NeutronResource, openNeutronClient } from '../neutron-client.js';
import { instanceNamed, readRunningLab } from '../running-lab.js';
import { allDone } from './all-done.js';
import { clearStreet } from './clear-street.js';
import type { Field, Guest } from './field.js';
import { guestOf, nthAddress } from './guest-of.js';
import { unplugUnknownTap } from './unknown-tap.js';

/** The two projects that the check plays. */
const projects = { one: 'manx-check-one', two: 'manx-check-two' } as const;

/** Another MTU than the deployment's, so that what instances are told is known to come from the API. */
const tenantMtu = 1_420;

/** Every name that the check gives starts so: what an earlier, killed check left is found by it. */
const prefix = 'check-';

/** The first `count` prefixes of a numbered row that no subnet of the deployment overlaps. */
const freePrefixes = (count: number, nth: (index: number) => Cidr, taken: readonly Cidr[]): readonly Cidr[] => {
  const free: Cidr[] = [];
  for (let index = 0; free.length < count; index += 1) {
    if (index > 255) throw new LabError('no-room', 'The check found no free prefixes for its own networks.');
    const candidate = nth(index);
    if (!taken.some((other) => cidrsOverlap(candidate, other))) free.push(candidate);
  }
  return free;
};

const choosePrefixes = async (client: NeutronClient) => {
  const subnets = await client.list('subnets');
  const taken = [...subnets.map(({ cidr }) => String(cidr)), ...fabricPrefixes, outsideNetwork4, outsideNetwork6].map(asCidr);
  return {
    v4: freePrefixes(5, (index) => asCidr(`10.99.${index}.0/24`), taken),
    v6: freePrefixes(5, (index) => asCidr(`fd00:99:0:${index.toString(16)}::/64`), taken),
  };
};

type Site = { readonly network: string; readonly project: string; readonly subnets: readonly string[] };

type SiteWanted = { readonly cidrs: readonly (Cidr | undefined)[]; readonly shared?: boolean; readonly mtu?: number };

/** The last addresses of an IPv4 subnet are the checks' own to name (pairs, forged senders): no instance is ever given one. */
const poolOf = (cidr: Cidr | undefined): object =>
  cidr === undefined || familyOf(cidr) === 6 ? {} : { allocation_pools: [{ start: nthAddress(cidr, 2n), end: nthAddress(cidr, 239n) }] };

const makeSite = async (name: string, project: string, { cidrs, ...more }: SiteWanted): Promise<Site> => {
  const client = clientFor(project);
  const network = await client.create('networks', 'network', { name: `${prefix}${name}`, project_id: project, ...more });
  const subnets: string[] = [];
  for (const cidr of cidrs) {
    const body = { network_id: network.id, project_id: project, ...subnetBody(`${prefix}${name}`, String(cidr)), ...poolOf(cidr) };
    subnets.push((await client.create('subnets', 'subnet', body)).id);
  }
  return { network: network.id, project, subnets };
};

/** A group of a project that lets everything in, or nothing. */
const makeGroup = async (name: string, project: string, isOpen: boolean): Promise<string> => {
  const client = clientFor(project);
  const group = await client.create('security-groups', 'security_group', { name: `${prefix}${name}`, project_id: project });
  for (const ethertype of isOpen ? ['IPv4', 'IPv6'] : []) {
    await client.create('security-group-rules', 'security_group_rule', {
      security_group_id: group.id,
      project_id: project,
      direction: 'ingress',
      ethertype,
    });
  }
  return group.id;
};

/** What the check calls something of its own: whatever has such a name is removed in the end. */
export const bootName = (name: string): string => `${prefix}${name}`;

/** An instance to boot. */
type Wanted = {
  readonly name: string;
  readonly site: Site;
  readonly project: string;
  readonly host: string;
  readonly group: string | null;
};

/** Boots an instance of the check. */
export const bootGuest = async ({ name, site, project, host, group }: Wanted): Promise<Guest> => {
  await bootInstance(clientFor(project), {
    name: `${prefix}${name}`,
    network: site.network,
    project,
    host,
    groups: group === null ? [] : [group],
  });
  return guestOf(instanceNamed(await readRunningLab(), `${prefix}${name}`));
};

/** Makes the check's own networks, groups and instances in the running lab. */
export const makeField = async (): Promise<Field> => {
  await clearField();
  const { hosts } = await readRunningLab();
  const [first = '', second = first] = hosts;
  const { v4, v6 } = await choosePrefixes(openNeutronClient(apiUrl));
  const [provider, tenantNet, strangerNet] = await allDone(
    makeSite('provider', projects.one, { cidrs: [v4[0], v6[0]], shared: true }),
    makeSite('tenant', projects.one, { cidrs: [v4[1], v6[1]], mtu: tenantMtu }),
    makeSite('stranger', projects.two, { cidrs: [v4[2], v6[2]] }),
  );
  const [openGroup, guardedGroup, cutterGroup, clubGroup, strangerGroup] = await allDone(
    makeGroup('open', projects.one, true),
    makeGroup('guarded', projects.one, false),
    makeGroup('cutter', projects.one, false),
    makeGroup('club', projects.one, false),
    makeGroup('open', projects.two, true),
  );
  const wanted = (name: string, host: string, more: Partial<Wanted> = {}): Wanted => ({
    name,
    host,
    site: provider,
    project: projects.one,
    group: openGroup,
    ...more,
  });
  const [near, mate, far, tenant, stranger, shy, shyFar, guarded, cutter] = await allDone(
    bootGuest(wanted('near', first)),
    bootGuest(wanted('mate', first)),
    bootGuest(wanted('far', second)),
    bootGuest(wanted('tenant', first, { site: tenantNet })),
    bootGuest(wanted('stranger', second, { site: strangerNet, project: projects.two, group: strangerGroup })),
    bootGuest(wanted('shy', first, { group: null })),
    bootGuest(wanted('shy-far', second, { group: null })),
    bootGuest(wanted('guarded', second, { group: guardedGroup })),
    bootGuest(wanted('cutter', second, { group: cutterGroup })),
  );
  const [nearCidr, tenantCidr, nearCidr6, spareCidr, streetCidr] = [v4[0], v4[1], v6[0], v4[3], v4[4]];
  const [stateful, stateless] = [v6[3], v6[4]];
  const [tenantSubnet] = tenantNet.subnets;
  const [nearSubnet, nearSubnet6] = provider.subnets;
  if (
    nearCidr === undefined ||
    tenantCidr === undefined ||
    tenantSubnet === undefined ||
    streetCidr === undefined ||
    nearCidr6 === undefined ||
    spareCidr === undefined ||
    stateful === undefined ||
    stateless === undefined ||
    nearSubnet === undefined ||
    nearSubnet6 === undefined
  ) {
    throw new RangeError('five prefixes of IPv4 and of IPv6 were asked for');
  }
  return {
    lab: await readRunningLab(),
    near,
    mate,
    far,
    tenant,
    stranger,
    shy,
    shyFar,
    guarded,
    cutter,
    openGroup,
    guardedGroup,
    cutterGroup,
    clubGroup,
    nearNetwork: provider.network,
    nearSubnet,
    nearSubnet6,
    nearCidr,
    nearCidr6,
    spareCidr,
    dhcp6Cidrs: [stateful, stateless],
    tenantNetwork: tenantNet.network,
    tenantSubnet,
    streetCidr,
    tenantCidr,
    tenantProject: projects.one,
    tenantGateway: nthAddress(tenantCidr, 1n),
    gateway: nthAddress(nearCidr, 1n),
    spareAddress: nthAddress(nearCidr, 254n),
    spareAddress6: nthAddress(nearCidr6, 0xfeedn),
    hasTwoHosts: hosts.length > 1,
  };
};

/** Removes everything that a check, this one or one that was killed, made in the lab. */
export const clearField = async (): Promise<void> => {
  const client = openNeutronClient(apiUrl);
  const { hosts, instances } = await readRunningLab();
  for (const host of hosts) await unplugUnknownTap(host);
  const mine = instances.filter(({ name }) => name.startsWith(prefix));
  await Promise.all(mine.map(async ({ name }) => await deleteInstance(client, name)));
  const isOurs = ({ project_id, name }: NeutronResource) =>
    Object.values(projects).some((project) => project === project_id) && (String(name).startsWith(prefix) || name === 'default');
  await clearStreet(client, isOurs);
  for (const collection of [
    'bgp-speakers',
    'bgp-peers',
    'ports',
    'networks',
    'subnetpools',
    'address-scopes',
    'security-groups',
    'qos/policies',
  ]) {
    for (const resource of (await client.list(collection)).filter(isOurs)) await client.remove(collection, resource.id);
  }
};
