import { type Family, familyOf, type Ip, parseIp } from '@manx/ip';
import { badRequest, isProblem, isVisible, type Port, type Problem } from '@manx/model';
import type { Absence, Cloud, End } from '@manx/reach';
import { type Asker, isOwnPort, ownPorts } from './viewer.js';

/** What a name stands for: an address, or ports (of one instance, or of a group). */
export type NamedEnd = { readonly ip: Ip } | { readonly ports: readonly Port[] };

/** How a name says that it is a security group's. */
const GROUP_PREFIX = 'group:';

/**
 * What a name of a request stands for, among what the asker may see: an address; a port by id, name or DNS name; an instance (`device_id`); or
 * `group:` and a security group, for all of its ports. Linear in the asker's ports for a name; not for an id.
 */
export const findNamed = (asker: Asker, name: string): NamedEnd | Problem => {
  const ip = parseIp(name);
  if (ip !== null) return { ip };
  const wrong = badRequest;
  const shown = JSON.stringify(name.slice(0, 255));
  if (name.startsWith(GROUP_PREFIX)) {
    const group = findGroup(asker, name.slice(GROUP_PREFIX.length));
    if (group === 'none') return wrong(`there is no security group ${shown}`);
    if (group === 'several') return wrong(`several security groups are called ${shown}; give an id`);
    const ports = asker.state.by('port.security_group', group.found).filter((port) => isOwnPort(asker, port));
    return ports.length === 0 ? wrong(`no port of yours is in ${shown}`) : { ports: sorted(ports) };
  }
  const { state } = asker;
  const byId = state.get('port', name);
  if (byId !== undefined && isOwnPort(asker, byId)) return { ports: [byId] };
  const byDevice = state.by('port.device_id', name).filter((port) => isOwnPort(asker, port));
  if (byDevice.length > 0) return { ports: sorted(byDevice) };
  const byName = name === '' ? [] : [...ownPorts(asker)].filter((port) => port.name === name || port.dns_name === name);
  const devices = new Set(byName.map(({ id, device_id }) => device_id || id));
  if (devices.size > 1)
    return wrong(
      `several ports are called ${shown}: ${sorted(byName)
        .slice(0, 5)
        .map(({ id }) => id)
        .join(', ')}; give an id`,
    );
  return byName.length === 0 ? wrong(`no port or instance of yours is called ${shown}, and it is no address`) : { ports: sorted(byName) };
};

const findGroup = ({ state, actor, policy }: Asker, name: string): { readonly found: string } | 'none' | 'several' => {
  const viewpoint = { state, actor, policy };
  const byId = state.get('security_group', name);
  if (byId !== undefined && isVisible(viewpoint, 'security_group', byId)) return { found: byId.id };
  const named = [...state.all('security_group')].filter((group) => group.name === name && isVisible(viewpoint, 'security_group', group));
  // A name that many projects have, `default` above all, means the own one.
  const own = named.filter(({ project_id }) => project_id === actor.project_id);
  const [first, ...more] = own.length > 0 ? own : named;
  return first === undefined ? 'none' : more.length > 0 ? 'several' : { found: first.id };
};

const sorted = (ports: readonly Port[]): readonly Port[] => ports.toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** Every end that a name stands for in one family: the address, or the first address of each port. */
export const endsOf = (
  asker: Asker,
  cloud: Cloud,
  { named, family }: { readonly named: NamedEnd; readonly family: Family },
): readonly End[] => {
  if ('ip' in named)
    return familyOf(named.ip) === family ? [{ ip: named.ip, endpoint: null, absence: absenceAt(asker, cloud, named.ip) }] : [];
  return named.ports.flatMap((port) => {
    const ip = port.fixed_ips.map(({ ip_address }) => ip_address).find((address) => familyOf(address) === family);
    return ip === undefined ? [] : [{ ip, endpoint: port.id, absence: absenceOf(cloud, port) }];
  });
};

/** Why an address has a port that does not answer for it, where the asker may know the port. */
const absenceAt = (asker: Asker, cloud: Cloud, ip: Ip): Absence | null => {
  const holder = asker.state.holderOf(ip);
  return holder === undefined || !isOwnPort(asker, holder) ? null : absenceOf(cloud, holder);
};

const absenceOf = (cloud: Cloud, port: Port): Absence | null => {
  const { id, device_owner: owner } = port;
  if (cloud.placeOf(id) !== undefined) return null;
  const host = cloud.showsHosts ? ` to ${port['binding:host_id']}` : '';
  if (owner === 'network:floatingip') return { code: 'not-compiled', endpoint: id, detail: 'it is a floating IP that stands for no port' };
  if (owner.startsWith('network:'))
    return { code: 'not-compiled', endpoint: id, detail: `it is the network's own (${owner}), and no instance is there` };
  if (port['binding:vif_type'] === 'binding_failed') return { code: 'binding-failed', endpoint: id, detail: `its binding${host} failed` };
  if (port['binding:host_id'] === '')
    return { code: 'unbound', endpoint: id, detail: 'no instance is plugged into it: it is bound to no host' };
  return { code: 'not-compiled', endpoint: id, detail: 'it could not be made into an endpoint; the server log says why' };
};

/** The families that both stand for something in. */
export const familiesOf = (ends: readonly (NamedEnd | Problem)[], wanted: Family | null): readonly Family[] =>
  ([4, 6] as const).filter((family) => (wanted === null || wanted === family) && ends.every((end) => !isProblem(end) && has(end, family)));

const has = (end: NamedEnd, family: Family): boolean =>
  'ip' in end
    ? familyOf(end.ip) === family
    : end.ports.some(({ fixed_ips }) => fixed_ips.some(({ ip_address }) => familyOf(ip_address) === family));

/** The asker's ports that a name, an id, an instance's id or an address stands for; a Problem where there is none. */
export const portsNamed = (asker: Asker, name: string): readonly Port[] | Problem => {
  const end = findNamed(asker, name);
  if (isProblem(end) || 'ports' in end) return isProblem(end) ? end : end.ports;
  const holder = [...ownPorts(asker)].find(({ fixed_ips }) => fixed_ips.some(({ ip_address }) => ip_address === end.ip));
  return holder === undefined ? badRequest(`no port of yours has the address ${end.ip}`) : [holder];
};
