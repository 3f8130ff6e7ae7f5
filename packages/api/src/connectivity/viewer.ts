import { addressGroupOf } from '@manx/compile';
import { cidrContains, hostCidr, type Ip } from '@manx/ip';
import { type Actor, isVisible, type Port, type StateReader } from '@manx/model';
import type { Policy } from '@manx/policy';
import type { Cloud, Condition } from '@manx/reach';

/** With whose eyes connectivity is looked at. */
export type Asker = {
  readonly state: StateReader;
  readonly actor: Actor;
  readonly policy: Policy;
  readonly isHostAlive: (host: string) => boolean;
};

/** What of the compiled cloud the asker is shown, and what things are called for him: all parts of a `Cloud` that come from the API's state. */
export type CloudView = Pick<Cloud, 'isInside' | 'showsHosts' | 'words' | 'conditionOf' | 'portsIn'> & {
  /** Absent: everything is. */
  readonly isVisible?: (endpoint: string) => boolean;
};

/** Makes a cloud of the compiled host states to ask one question of. */
export type CloudSource = (view: CloudView) => Cloud;

/** Whether the port's side of a flow is the asker's to know: administrators know all, everybody else the ports of the own project. */
export const isOwnPort = ({ actor }: Pick<Asker, 'actor'>, port: Port | undefined): boolean =>
  port !== undefined && (actor.is_admin || (actor.project_id !== null && port.project_id === actor.project_id));

/** The ports whose side is the asker's to know. */
export const ownPorts = ({ state, actor }: Asker): Iterable<Port> =>
  actor.is_admin ? state.all('port') : state.by('port.project_id', actor.project_id ?? '');

/** What of the cloud the asker may see. Of whatever is another project's nothing is told, not even whether it is there. */
export const viewOf = (asker: Asker): CloudView => {
  const { state, actor, policy } = asker;
  const view = {
    isInside: (ip: Ip) => state.overlapping(hostCidr(ip)).some(({ cidr }) => cidrContains(cidr, ip)),
    showsHosts: actor.is_admin,
    words: {
      endpoint: (id: string) => state.get('port', id)?.name || id,
      policy: (id: string) => {
        const group = state.get('security_group', id);
        if (group === undefined) return id;
        return isVisible({ state, actor, policy }, 'security_group', group) ? group.name || id : null;
      },
      set: (id: string) => setWord(asker, id),
    },
    conditionOf: (id: string) => conditionOf(asker, state.get('port', id)),
    portsIn: (group: string) => state.countBy('port.security_group', group),
  };
  return actor.is_admin ? view : { ...view, isVisible: (id) => isOwnPort(asker, state.get('port', id)) };
};

const setWord = ({ state, actor, policy }: Asker, id: string): string => {
  const viewpoint = { state, actor, policy };
  const addressGroup = addressGroupOf(id);
  if (addressGroup !== null) {
    const group = state.get('address_group', addressGroup);
    return group !== undefined && isVisible(viewpoint, 'address_group', group)
      ? `address group ${group.name || addressGroup}`
      : 'an address group';
  }
  const group = state.get('security_group', id);
  return group !== undefined && isVisible(viewpoint, 'security_group', group) ? group.name || id : `group ${id}`;
};

/** Where the hosts are is no tenant's business, and so neither is how they are. */
const conditionOf = ({ state, actor, isHostAlive }: Asker, port: Port | undefined): Condition | null => {
  if (port === undefined) return null;
  const network = state.get('network', port.network_id);
  return {
    isHostAlive: !actor.is_admin || isHostAlive(port['binding:host_id']),
    isProgrammed: port.status === 'ACTIVE',
    down: [
      ...(port.admin_state_up ? [] : [{ kind: 'port' as const, id: port.id }]),
      ...(network?.admin_state_up === false ? [{ kind: 'network' as const, id: network.id }] : []),
    ],
  };
};
