import { asIp, type Ip } from '@manx/ip';
import { NeutronError, waitUntil } from '@manx/lab/attack-kit';
import { announceFrom, plugIn, unplug } from './cables.js';
import { causeFault } from './faults.js';
import { client, hostAt, update } from './oracle-client.js';
import { playLive, unplugAll } from './play-live.js';
import type { RuleWish, Step } from './step.js';
import { addressesOf, type Floating, type Guest, networkOf, pairs, plugOf, projects, type World } from './world.js';

/** What became of a step: done; `nothing` where what it is about is not there; or the API's refusal, which has to change nothing. */
export type Played = 'done' | 'nothing' | { readonly refused: string };

/** Does a step; rejects for whatever is neither done nor refused by the API. `isCalm`: nothing is broken meanwhile. */
export const playStep = async (world: World, step: Step, isCalm = true): Promise<Played> => {
  try {
    return (await play(world, step, isCalm)) === false ? 'nothing' : 'done';
  } catch (error) {
    if (!(error instanceof NeutronError) || error.status >= 500) throw error;
    return { refused: `${error.type}: ${error.message}` };
  }
};

/** False: there was nothing to do it to. */
const play = async (world: World, step: Step, isCalm: boolean): Promise<unknown> => {
  switch (step.do) {
    case 'boot':
      return !world.guests.has(step.guest) && (await boot(world, step));
    case 'rule':
      return await addRule(world, step.group, step.rule);
    case 'unrule':
      return await removeRule(world, step);
    case 'network-up':
      return await update('networks', world.networks[step.network]?.id ?? '', { admin_state_up: step.on });
    case 'router-up':
      return await update('routers', world.router, { admin_state_up: step.on });
    case 'snat':
      return await update('routers', world.router, { external_gateway_info: { network_id: world.external, enable_snat: step.on } });
    case 'addresses': {
      const action = step.add ? 'add_addresses' : 'remove_addresses';
      const body = { address_group: { addresses: step.addresses } };
      return await client.act('address-groups', world.addressGroups[step.group] ?? '', { action, body });
    }
    case 'float':
      return await float(world, step);
    case 'unfloat':
      return await unfloat(world, step.floating);
    case 'unforward':
      return await unforward(world, step);
    case 'float-qos': {
      const id = world.floating.get(step.floating)?.id;
      return id !== undefined && (await update('floatingips', id, { qos_policy_id: step.on ? world.limits : null }));
    }
    case 'interface':
      return await setInterface(world, step);
    case 'told':
      return await tell(world, step);
    case 'share':
      return await share(world, step);
    case 'log':
      return await log(world, step);
    case 'fault':
      return await causeFault(world, step, async () => step.meanwhile === null || (await playStep(world, step.meanwhile, false)));
    case 'delete':
    case 'move':
    case 'migrate':
    case 'groups':
    case 'security':
    case 'up':
    case 'pairs':
    case 'claim':
    case 'forward':
    case 'renumber':
    case 'qos': {
      const guest = world.guests.get(step.guest);
      return guest !== undefined && (await playOn(world, guest, step));
    }
    case 'live':
    case 'arrive':
    case 'activate':
    case 'leave':
    case 'turn-back': {
      const guest = world.guests.get(step.guest);
      return guest !== undefined && (await playLive(world, guest, { step, isCalm }));
    }
    default:
      return step satisfies never;
  }
};

type GuestStep = Extract<
  Step,
  { readonly do: 'delete' | 'move' | 'migrate' | 'groups' | 'security' | 'up' | 'pairs' | 'claim' | 'forward' | 'renumber' | 'qos' }
>;

const playOn = async (world: World, guest: Guest, step: GuestStep): Promise<unknown> => {
  switch (step.do) {
    case 'delete':
      await client.remove('ports', guest.port);
      await unplugAll(guest);
      return world.guests.delete(guest.slot);
    case 'move':
      return await move(world, guest, hostAt(world, step.host));
    case 'migrate':
      return await migrate(world, guest, hostAt(world, step.host));
    case 'groups':
      return await update('ports', guest.port, { security_groups: groupsOf(world, step.groups) });
    case 'security':
      // Without port security there are no groups and no pairs, as Neutron has it.
      return await update('ports', guest.port, {
        port_security_enabled: step.on,
        ...(step.on ? {} : { security_groups: [], allowed_address_pairs: [] }),
      });
    case 'up':
      return await update('ports', guest.port, { admin_state_up: step.on });
    case 'pairs':
      return await update('ports', guest.port, { allowed_address_pairs: step.pairs.map((at) => ({ ip_address: pairs[at] ?? pairs[0] })) });
    case 'claim':
      return await claim(guest, asIp(pairs[step.pair] ?? pairs[0]));
    case 'forward':
      return await forward(world, guest, step);
    case 'renumber':
      return await renumber(world, guest, step.to);
    case 'qos':
      return await update('ports', guest.port, { qos_policy_id: step.on ? world.qos : null });
    default:
      return step satisfies never;
  }
};

const groupsOf = ({ groups }: World, slots: readonly number[]): readonly string[] => slots.map((at) => groups[at]?.id ?? '');

const boot = async (world: World, { guest: slot, host: at, groups }: Extract<Step, { do: 'boot' }>): Promise<void> => {
  const [host, network, { v4, v6 }] = [hostAt(world, at), world.networks[networkOf(slot)], addressesOf(slot)];
  const port = await client.create('ports', 'port', {
    name: `oracle-${slot}`,
    network_id: network?.id,
    project_id: network?.project,
    device_owner: 'compute:nova',
    device_id: `oracle-${slot}`,
    'binding:host_id': host,
    security_groups: groupsOf(world, groups),
    fixed_ips: [{ ip_address: v4 }, { ip_address: v6 }],
  });
  const tap = `tap${port.id.slice(0, 11)}`;
  const ifname = await plugIn({ host, tap });
  world.guests.set(slot, {
    slot,
    port: port.id,
    mac: String(port['mac_address']),
    host,
    tap,
    ifname,
    other: null,
    saidAt: null,
    mustBeAt: null,
    v4,
    v6,
  });
};

const move = async (world: World, guest: Guest, host: string): Promise<boolean> => {
  if (guest.host === host || guest.other !== null) return false;
  await update('ports', guest.port, { 'binding:host_id': host });
  await unplug(guest);
  world.guests.set(guest.slot, { ...guest, host, ifname: await plugIn({ host, tap: guest.tap }) });
  return true;
};

/** As Nova does: the tap is on both hosts while the binding changes sides; then the former is unplugged and its binding removed. */
const migrate = async (world: World, guest: Guest, host: string): Promise<boolean> => {
  if (guest.host === host || guest.other !== null) return false;
  const bindings = `ports/${guest.port}/bindings`;
  await client.create(bindings, 'binding', { host });
  const ifname = await plugIn({ host, tap: guest.tap });
  await client.act(bindings, host, { action: 'activate', body: {} });
  world.guests.set(guest.slot, { ...guest, host, ifname });
  await unplug(guest);
  await client.remove(bindings, guest.host);
  return true;
};

/** How long the server may take to hear of an announcement that counts; one of a guest that may not announce is heard by nobody. */
const CLAIM_MS = 1_500;

const claim = async (guest: Guest, address: Ip): Promise<boolean> => {
  announceFrom({ ...guest, ...plugOf(guest) }, address);
  const isClaimed = async (): Promise<boolean> => {
    const { claimed_addresses } = await client.show('ports', guest.port);
    return (claimed_addresses as readonly { readonly ip_address: string }[]).some(({ ip_address }) => ip_address === address);
  };
  const [claimed] = await Promise.allSettled([waitUntil(`the claim of ${address}`, isClaimed, CLAIM_MS)]);
  return claimed.status === 'fulfilled';
};

const addRule = async ({ groups, addressGroups }: World, at: number, rule: RuleWish): Promise<unknown> => {
  const group = groups[at];
  if (group === undefined) return false;
  const { remoteGroup, remoteAddressGroup, ...plain } = rule;
  const made = await client.create('security-group-rules', 'security_group_rule', {
    security_group_id: group.id,
    ...plain,
    ...(remoteGroup === undefined ? {} : { remote_group_id: groups[remoteGroup]?.id }),
    ...(remoteAddressGroup === undefined ? {} : { remote_address_group_id: addressGroups[remoteAddressGroup] }),
  });
  return group.rules.push(made.id);
};

const removeRule = async ({ groups }: World, { group, at }: Extract<Step, { do: 'unrule' }>): Promise<unknown> => {
  const { rules } = groups[group] ?? { rules: [] };
  const [id] = rules.splice(rules.length === 0 ? 0 : at % rules.length, 1);
  return id !== undefined && (await client.remove('security-group-rules', id));
};

const makeFloating = async (world: World, slot: number): Promise<Floating> => {
  const made = await client.create('floatingips', 'floatingip', {
    floating_network_id: world.external,
    floating_ip_address: `10.77.9.${50 + slot}`,
    project_id: projects[0],
  });
  const floating = { id: made.id, address: asIp(String(made['floating_ip_address'])), forwards: [] };
  world.floating.set(slot, floating);
  return floating;
};

const float = async (world: World, { floating: slot, guest }: Extract<Step, { do: 'float' }>): Promise<unknown> => {
  const { id } = world.floating.get(slot) ?? (await makeFloating(world, slot));
  const port_id = guest === null ? null : world.guests.get(guest)?.port;
  return port_id !== undefined && (await update('floatingips', id, { port_id }));
};

const unfloat = async (world: World, slot: number): Promise<boolean> => {
  const floating = world.floating.get(slot);
  if (floating === undefined) return false;
  await client.remove('floatingips', floating.id);
  return world.floating.delete(slot);
};

const forward = async (world: World, guest: Guest, step: Extract<Step, { do: 'forward' }>): Promise<unknown> => {
  const floating = world.floating.get(step.floating) ?? (await makeFloating(world, step.floating));
  const made = await client.create(`floatingips/${floating.id}/port_forwardings`, 'port_forwarding', {
    internal_port_id: guest.port,
    internal_ip_address: guest.v4,
    protocol: step.protocol,
    external_port: step.external,
    internal_port: step.internal,
  });
  return world.floating.set(step.floating, { ...floating, forwards: [...floating.forwards, made.id] });
};

const unforward = async (world: World, { floating: slot, at }: Extract<Step, { do: 'unforward' }>): Promise<unknown> => {
  const floating = world.floating.get(slot);
  const id = floating?.forwards[at % Math.max(1, floating.forwards.length)];
  if (floating === undefined || id === undefined) return false;
  world.floating.set(slot, { ...floating, forwards: floating.forwards.filter((other) => other !== id) });
  return await client.remove(`floatingips/${floating.id}/port_forwardings`, id);
};

const setInterface = async (world: World, { network, on }: Extract<Step, { do: 'interface' }>): Promise<unknown> => {
  const body = { subnet_id: world.networks[network]?.subnets[0] };
  return await client.act('routers', world.router, { action: on ? 'add_router_interface' : 'remove_router_interface', body });
};

/** Sets or takes away what a network's first subnet tells its guests of routes and resolvers. */
export const tell = async ({ networks }: World, { network, on }: Extract<Step, { do: 'told' }>): Promise<unknown> =>
  await update('subnets', networks[network]?.subnets[0] ?? '', {
    host_routes: on ? [{ destination: '203.0.113.0/24', nexthop: `10.77.${network}.2` }] : [],
    dns_nameservers: on ? ['192.0.2.53'] : [],
  });

/** The network's policy of RBAC for the other project, if it has one. */
const rbacOf = async (id: string): Promise<string | undefined> =>
  (await client.list('rbac-policies', { object_id: id })).find(({ target_tenant }) => projects.some((name) => name === target_tenant))?.id;

/** Shares a network with all projects, or with the other of the two alone. */
export const share = async ({ networks }: World, { network, by }: Extract<Step, { do: 'share' }>): Promise<unknown> => {
  const id = networks[network]?.id ?? '';
  const policy = await rbacOf(id);
  if (by === 'all') {
    await update('networks', id, { shared: true });
    return policy === undefined || (await client.remove('rbac-policies', policy));
  }
  const body = { object_type: 'network', object_id: id, action: 'access_as_shared', target_tenant: projects[1 - network] };
  if (policy === undefined) await client.create('rbac-policies', 'rbac_policy', body);
  return await update('networks', id, { shared: false });
};

const log = async ({ groups, logs }: World, { group, on }: Extract<Step, { do: 'log' }>): Promise<unknown> => {
  const known = logs.get(group);
  if ((known !== undefined) === on) return false;
  if (known !== undefined) {
    await client.remove('log/logs', known);
    return logs.delete(group);
  }
  const body = { resource_type: 'security_group', resource_id: groups[group]?.id, event: 'ALL', enabled: true };
  return logs.set(group, (await client.create('log/logs', 'log', body)).id);
};

const renumber = async (world: World, guest: Guest, to: 0 | 1): Promise<boolean> => {
  const { v4, v6 } = addressesOf(guest.slot, to);
  if (v4 === guest.v4) return false;
  await update('ports', guest.port, { fixed_ips: [{ ip_address: v4 }, { ip_address: v6 }] });
  world.guests.set(guest.slot, { ...guest, v4, v6 });
  return true;
};
