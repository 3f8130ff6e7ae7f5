import type { Commit, FloatingIp, Port, StateReader } from '@manx/model';
import type { NovaEvent } from './nova-event.js';

/** What ports and floating IPs were like before a commit, and what Nova has to know of the commit. */
export type InstancePorts = {
  /** To be told of every durable commit, in order: the events of this one, each once. Cost follows the commit. */
  readonly eventsOf: (commit: Commit) => readonly NovaEvent[];
};

/** Begins with the ports as they are in the state now. Linear in the ports, once; holds one reference a port and floating IP. */
export const createInstancePorts = (state: StateReader): InstancePorts => {
  const ports = new Map<string, Port>();
  const floatingIps = new Map<string, FloatingIp>();
  for (const port of state.all('port')) ports.set(port.id, port);
  for (const floatingIp of state.all('floatingip')) floatingIps.set(floatingIp.id, floatingIp);

  const change = <T>(known: Map<string, T>, id: string, after: T | undefined): T | undefined => {
    const before = known.get(id);
    if (after === undefined) known.delete(id);
    else known.set(id, after);
    return before;
  };
  return {
    eventsOf: ({ changes }) => {
      const events: NovaEvent[] = [];
      const moved: (string | null)[] = [];
      for (const step of changes) {
        if (step.kind === 'port') {
          const after = step.op === 'put' ? step.value : undefined;
          events.push(...portEvents(change(ports, step.id, after), after));
        } else if (step.kind === 'floatingip') {
          const after = step.op === 'put' ? step.value : undefined;
          moved.push(...portsOfMove(change(floatingIps, step.id, after), after));
        }
      }
      // After the ports, as they are now: one that went with its floating IP has no address to look at any more.
      for (const id of moved) {
        const port = id === null ? undefined : ports.get(id);
        if (port !== undefined && isInstancePort(port)) events.push(changed(port));
      }
      return once(events);
    },
  };
};

const DEVICE_OWNER_PREFIX = 'compute:';
/** With hyphens or without, as oslo.utils takes a UUID; Nova refuses a whole batch for one that is none. */
const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

const isInstancePort = (port: Port): boolean => port.device_owner.startsWith(DEVICE_OWNER_PREFIX) && UUID.test(port.device_id);

const changed = ({ id, device_id }: Port): NovaEvent => ({ name: 'network-changed', server_uuid: device_id, tag: id });

const portEvents = (before: Port | undefined, after: Port | undefined): readonly NovaEvent[] => {
  if (after === undefined) {
    if (before === undefined || !isInstancePort(before)) return [];
    return [{ name: 'network-vif-deleted', server_uuid: before.device_id, tag: before.id }];
  }
  if (!isInstancePort(after)) return [];
  const plug = plugEvent(before?.status ?? 'DOWN', after);
  const looks = before !== undefined && isOtherForNova(before, after) ? [changed(after)] : [];
  return [...looks, ...(plug === null ? [] : [plug]), ...readyElsewhere(before, after)];
};

/** Neutron's rule, and one step more: a port that comes up after an error is told of too. What Nova waits for after the error it then gets. */
const plugEvent = (before: Port['status'], { id, device_id, status }: Port): NovaEvent | null => {
  if (before === status) return null;
  const event = { server_uuid: device_id, tag: id };
  if (status === 'ACTIVE') return { ...event, name: 'network-vif-plugged', status: 'completed' };
  if (status === 'ERROR' && before !== 'ACTIVE') return { ...event, name: 'network-vif-plugged', status: 'failed' };
  // Bound to another host, a port goes straight from ACTIVE to BUILD.
  if ((status === 'DOWN' || status === 'BUILD') && before === 'ACTIVE')
    return { ...event, name: 'network-vif-unplugged', status: 'completed' };
  return null;
};

/** A live migration waits until its target has programmed the port, which stays ACTIVE where it is; Neutron tells so by the same event. */
const readyElsewhere = (before: Port | undefined, { id, device_id, visits = [] }: Port): readonly NovaEvent[] => {
  const known = new Set(before?.visits?.map(({ host }) => host));
  const isNew = visits.some(({ host }) => !known.has(host));
  return isNew ? [{ name: 'network-vif-plugged', server_uuid: device_id, tag: id, status: 'completed' }] : [];
};

/** What Nova keeps of a port in its own memory of the instance's network. */
const SEEN_BY_NOVA = ['device_id', 'device_owner', 'mac_address', 'binding:host_id', 'binding:vif_type', 'binding:vnic_type'] as const;

const isOtherForNova = (before: Port, after: Port): boolean =>
  SEEN_BY_NOVA.some((name) => before[name] !== after[name]) ||
  addressesOf(before) !== addressesOf(after) ||
  JSON.stringify(before['binding:profile']) !== JSON.stringify(after['binding:profile']);

const addressesOf = ({ fixed_ips }: Port): string => fixed_ips.map(({ ip_address }) => ip_address).join();

/** The ports that a floating IP came to or left, or stays at with another fixed address. */
const portsOfMove = (before: FloatingIp | undefined, after: FloatingIp | undefined): readonly (string | null)[] => {
  const [old, now] = [before?.port_id ?? null, after?.port_id ?? null];
  if (old !== now) return [old, now];
  return before?.fixed_ip_address === after?.fixed_ip_address ? [] : [now];
};

/** The last of equal events: what came before it is told with it. */
const once = (events: readonly NovaEvent[]): readonly NovaEvent[] => [
  ...new Map(events.map((event) => [`${event.name} ${event.server_uuid} ${event.tag} ${event.status}`, event])).values(),
];
