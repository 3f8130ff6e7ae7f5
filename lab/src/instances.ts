import { rm, writeFile } from 'node:fs/promises';
import { chooseHost, demandBound } from './choose-host.js';
import { claimName, isClaimed } from './claim-name.js';
import { findGroup, findNetwork } from './find-resource.js';
import { LabError } from './lab-error.js';
import { labPaths } from './lab-paths.js';
import { instanceNamespace } from './layout.js';
import { beginLiveMove } from './move-live.js';
import type { NeutronClient, NeutronResource } from './neutron-client.js';
import { configureGuest, makeTap, removeGuest, removeTap, untilActive } from './plug-instance.js';
import { type Instance, instanceFile, instanceNamed, readRunningLab } from './running-lab.js';
import { type Undo, withUndo } from './undo.js';

/** What to boot: on a network (by name or id), or with a port that exists. */
export type BootRequest = {
  readonly name: string;
  readonly network?: string;
  readonly port?: string;
  /** Null or absent: the host with the fewest instances, of those whose agent runs. */
  readonly host?: string | null;
  /** Groups by name or id; none: the project's default group. */
  readonly groups?: readonly string[];
  readonly address?: string | null;
  /** The port's project; absent: that of its groups, or without any the network's. */
  readonly project?: string;
  /** Breaks the boot off, which is then taken back. */
  readonly signal?: AbortSignal;
};

/** What `lab boot` answers. */
export type Booted = {
  readonly name: string;
  readonly port_id: string;
  readonly host: string;
  readonly addresses: readonly string[];
  readonly netns: string;
  readonly tap: string;
  /** From asking for the port (its binding, for a port that exists) to its status ACTIVE. */
  readonly ms_to_active: number;
  /** From the same moment to the last address that the API shows being usable in the instance. */
  readonly ms_to_address: number;
};

/** Boots an instance as Nova would: port, binding, tap, ACTIVE, and then the guest's own DHCP client. A failure leaves nothing behind. */
export const bootInstance = async (client: NeutronClient, request: BootRequest): Promise<Booted> => {
  const { name, signal } = request;
  const host = chooseHost(await readRunningLab(), request.host ?? null);
  await claimName(name);
  return await withUndo(async (undo) => {
    undo(async () => await rm(labPaths.instance(name), { recursive: true, force: true }));
    const start = performance.now();
    const port = await (request.port === undefined
      ? makePort(client, { ...request, host }, undo)
      : takePort(client, { name, host, id: request.port }, undo));
    demandBound(port, host);
    const instance = await instanceOf(client, { name, host }, port);
    await saveInstance(instance);
    undo(async () => {
      await removeTap(instance);
      await removeGuest(instance.netns);
    });
    return await plugIn(client, { instance, start, ...(signal === undefined ? {} : { signal }) });
  });
};

/**
 * Deletes an instance: what runs in it, its namespace and its port. One whose boot was broken off before it was written down is found by
 * its folder and its ports' `device_id`.
 */
export const deleteInstance = async (
  client: NeutronClient,
  name: string,
): Promise<{ readonly name: string; readonly port_id: string | null }> => {
  const lab = await readRunningLab();
  const known = lab.instances.find((instance) => instance.name === name);
  if (known === undefined && !(await isClaimed(name))) instanceNamed(lab, name);
  const ports = known === undefined ? (await client.list('ports', { device_id: deviceId(name) })).map(({ id }) => id) : [known.port_id];
  for (const id of ports) await client.remove('ports', id).catch(ignoreMissing);
  if (known !== undefined) await removeTap(known);
  await removeGuest(instanceNamespace(name));
  await rm(labPaths.instance(name), { recursive: true, force: true });
  return { name, port_id: ports[0] ?? null };
};

/** The instance of that name, which another host is to have. Throws LabError when there is none, no such host, or it has it. */
const instanceToMove = async (name: string, host: string): Promise<Instance> => {
  const lab = await readRunningLab();
  const before = instanceNamed(lab, name);
  chooseHost(lab, host);
  if (before.host === host) throw new LabError('same-host', `${name} is on ${host} already.`);
  return before;
};

/**
 * Moves an instance to another host, as a cold migration does: bound anew, unplugged, plugged in, DHCP again. When that fails it is
 * where it was.
 */
export const moveInstance = async (
  client: NeutronClient,
  { name, host, signal }: { readonly name: string; readonly host: string; readonly signal?: AbortSignal },
): Promise<Booted> => {
  const before = await instanceToMove(name, host);
  return await withUndo(async (undo) => {
    let isUnplugged = false;
    undo(async () => {
      await bind(client, before.port_id, { 'binding:host_id': before.host });
      if (!isUnplugged) return;
      await makeTap(before);
      await untilActive(client, before);
      await configureGuest(client, before);
    });
    const start = performance.now();
    const port = await bind(client, before.port_id, { 'binding:host_id': host });
    demandBound(port, host);
    const instance = await instanceOf(client, { name, host }, port);
    isUnplugged = true;
    await removeTap(before);
    undo(async () => await removeTap(instance));
    const booted = await plugIn(client, { instance, start, ...(signal === undefined ? {} : { signal }) });
    await saveInstance(instance);
    return booted;
  });
};

/** What `lab move --live` answers. */
export type MovedLive = Pick<Booted, 'name' | 'port_id' | 'host' | 'addresses' | 'netns' | 'tap'> & {
  readonly from: string;
  /** From asking for the second binding to the target's host having all programmed. */
  readonly ms_to_ready: number;
  /** From the guest's stopping on the one host to its announcement on the other. */
  readonly ms_stopped: number;
  /** From the beginning until nothing is left on the host before. */
  readonly ms_to_end: number;
};

/**
 * Moves a running instance to another host, as a live migration does: what runs in it goes on, with its addresses and connections. Until the
 * guest has switched a failure turns it back.
 */
export const moveInstanceLive = async (
  client: NeutronClient,
  { name, host, signal }: { readonly name: string; readonly host: string; readonly signal?: AbortSignal },
): Promise<MovedLive> => {
  const before = await instanceToMove(name, host);
  const start = performance.now();
  const since = (from: number): number => Math.round(performance.now() - from);
  const move = await beginLiveMove(client, before, { host });
  const ms_to_ready = await withUndo(async (undo) => {
    undo(move.turnBack);
    await move.ready();
    signal?.throwIfAborted();
    return since(start);
  });
  const stopped = await move.switchOver();
  move.announce();
  const ms_stopped = since(stopped);
  await saveInstance(move.target);
  await move.activate();
  await move.finish();
  const { port_id, addresses, netns, tap } = before;
  return { name, port_id, from: before.host, host, addresses, netns, tap, ms_to_ready, ms_stopped, ms_to_end: since(start) };
};

const ignoreMissing = (error: unknown): void => {
  if ((error as { readonly status?: number }).status !== 404) throw error;
};

const deviceId = (name: string): string => `lab-${name}`;

const saveInstance = async (instance: Instance): Promise<void> =>
  await writeFile(instanceFile(instance.name), `${JSON.stringify(instance, null, 2)}\n`);

const instanceOf = async (
  client: NeutronClient,
  { name, host }: Pick<Instance, 'name' | 'host'>,
  port: NeutronResource,
): Promise<Instance> => ({
  name,
  port_id: port.id,
  project_id: String(port['project_id']),
  host,
  netns: instanceNamespace(name),
  tap: `tap${port.id.slice(0, 11)}`,
  mac: String(port['mac_address']),
  mtu: Number((await client.show('networks', String(port['network_id'])))['mtu']),
  addresses: (port['fixed_ips'] as readonly { readonly ip_address: string }[]).map(({ ip_address }) => ip_address),
});

const bind = async (client: NeutronClient, id: string, body: object): Promise<NeutronResource> =>
  await client.update('ports', 'port', { id, body });

/** A new port, bound at once, as Nova makes it. */
const makePort = async (client: NeutronClient, request: BootRequest & { readonly host: string }, undo: Undo): Promise<NeutronResource> => {
  const { name, host, project, address = null } = request;
  const network = await findNetwork(client, request.network ?? '');
  const networkProject = String(network['project_id']);
  const groups = await Promise.all(
    (request.groups ?? []).map(async (wanted) => await findGroup(client, { wanted, project, networkProject })),
  );
  const port = await client.create('ports', 'port', {
    name,
    network_id: network.id,
    project_id: project ?? groups[0]?.['project_id'] ?? networkProject,
    device_owner: 'compute:nova',
    device_id: deviceId(name),
    'binding:host_id': host,
    ...(groups.length === 0 ? {} : { security_groups: groups.map(({ id }) => id) }),
    ...(address === null ? {} : { fixed_ips: [{ ip_address: address }] }),
  });
  undo(async () => await client.remove('ports', port.id).catch(ignoreMissing));
  return port;
};

/** A port that somebody made for the instance; given back as it was when the boot fails. */
const takePort = async (
  client: NeutronClient,
  { name, host, id }: { readonly name: string; readonly host: string; readonly id: string },
  undo: Undo,
): Promise<NeutronResource> => {
  const port = await client.show('ports', id);
  const [boundTo, usedBy] = [String(port['binding:host_id']), String(port['device_id'])];
  if (boundTo !== '' || usedBy !== '')
    throw new LabError('port-in-use', `Port ${id} is in use already (device ${usedBy || 'none'}, host ${boundTo || 'none'}).`);
  undo(
    async () => await bind(client, id, { 'binding:host_id': '', device_owner: port['device_owner'], device_id: '' }).catch(ignoreMissing),
  );
  return await bind(client, id, { 'binding:host_id': host, device_owner: 'compute:nova', device_id: deviceId(name) });
};

type Plug = { readonly instance: Instance; readonly start: number; readonly signal?: AbortSignal };

const plugIn = async (client: NeutronClient, { instance, start, signal }: Plug): Promise<Booted> => {
  const sinceStart = (): number => Math.round(performance.now() - start);
  signal?.throwIfAborted();
  await makeTap(instance);
  await untilActive(client, instance, signal);
  const ms_to_active = sinceStart();
  await configureGuest(client, instance, signal);
  signal?.throwIfAborted();
  const { name, port_id, host, addresses, netns, tap } = instance;
  return { name, port_id, host, addresses, netns, tap, ms_to_active, ms_to_address: sinceStart() };
};
