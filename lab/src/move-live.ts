import { asIp } from '@manx/ip';
import { LabError } from './lab-error.js';
import { hostNamespace } from './layout.js';
import { execIn } from './namespace-exec.js';
import type { NeutronClient } from './neutron-client.js';
import { removeTap } from './plug-instance.js';
import { waitUntil } from './program.js';
import { execOut, runProgram } from './run-program.js';
import type { Instance } from './running-lab.js';
import { announce, announceMac } from './wire/announce.js';

/** A live migration, step by step, as Nova and QEMU take it; every step is taken once, in this order, or `turnBack` instead of a later one. */
export type LiveMove = {
  /** The instance as it will be. */
  readonly target: Instance;
  /** Resolves when the target's host has everything programmed, which Nova waits for. */
  readonly ready: () => Promise<void>;
  /** The guest stops on the one host and goes on, without a word, on the other; resolves to the moment at which it stopped. */
  readonly switchOver: () => Promise<number>;
  /** The guest and its hypervisor tell that it has moved. */
  readonly announce: () => void;
  /** Nova makes the target's binding the one in use. */
  readonly activate: () => Promise<void>;
  /** Nova unplugs what is left, and ends the binding there. */
  readonly finish: () => Promise<void>;
  /** Nova gives up before the guest has switched: the target is unplugged, its binding ends. */
  readonly turnBack: () => Promise<void>;
};

/** Where to, and how: whether the tap is there before the binding, and whether the port is bound twice or only says in its profile where it goes. */
export type LiveMoveTo = { readonly host: string; readonly isPluggedFirst?: boolean; readonly by?: 'binding' | 'profile' };

/** The guest's interface on the host where it runs, where it will run, and where it ran. */
const [OWN, COMING, GONE] = ['eth0', 'coming0', 'gone0'];

/** Binds the instance's port to the host beside its own, inactive, and plugs it in there, as Nova does before anything is copied. */
export const beginLiveMove = async (
  client: NeutronClient,
  before: Instance,
  { host, isPluggedFirst = false, by = 'binding' }: LiveMoveTo,
): Promise<LiveMove> => {
  const target = { ...before, host };
  const bindings = `ports/${before.port_id}/bindings`;
  const unbind = async (from: string): Promise<void> => await client.remove(bindings, from);
  const tell = async (profile: object): Promise<void> =>
    void (await client.update('ports', 'port', { id: before.port_id, body: { 'binding:profile': profile } }));
  const expectThere = async (): Promise<unknown> =>
    await (by === 'profile' ? tell({ migrating_to: host }) : client.create(bindings, 'binding', { host }));
  if (isPluggedFirst) await plugComing(target);
  await expectThere();
  if (!isPluggedFirst) await plugComing(target);
  return {
    target,
    ready: async () => await waitUntil(`${host} to be ready for ${before.name}`, async () => await isProgrammed(target)),
    switchOver: async () => await switchGuest(before),
    announce: () => {
      announceMac(before);
      for (const address of before.addresses) announce(before, asIp(address));
    },
    activate: async () => {
      if (by === 'binding') return await client.act('ports', before.port_id, { action: `bindings/${host}/activate`, body: {} });
      await client.update('ports', 'port', { id: before.port_id, body: { 'binding:host_id': host, 'binding:profile': {} } });
    },
    finish: async () => {
      await removeTap(before);
      if (by === 'binding') await unbind(before.host);
    },
    turnBack: async () => {
      await removeTap(target);
      await (by === 'binding' ? unbind(host) : tell({}));
    },
  };
};

/** The tap on the target; the guest's end of it is there and not up, as QEMU has it while it receives the guest's memory. */
const plugComing = async ({ host, tap, mtu, mac, netns }: Instance): Promise<void> => {
  const [device, peer] = [
    ['link', 'add', tap, 'mtu', String(mtu), 'type', 'veth'],
    ['peer', 'name', COMING ?? '', 'mtu', String(mtu), 'address', mac, 'netns', netns],
  ];
  await runProgram(['ip', '-n', hostNamespace(host), ...device, ...peer]);
  const sysctls = ['disable_ipv6=0', 'accept_dad=0', 'addr_gen_mode=0'].map((text) => `net.ipv6.conf.${COMING}.${text}`);
  await runProgram(['ip', 'netns', 'exec', netns, 'sysctl', '-qw', ...sysctls]);
  await runProgram(['ip', '-n', hostNamespace(host), 'link', 'set', tap, 'up']);
};

/** The last that an agent does for a port is to let in what its tap may send at all: then the rest stands. */
const isProgrammed = async ({ host, tap }: Instance): Promise<boolean> =>
  (await execIn(hostNamespace(host), ['nft', 'list', 'chain', 'netdev', 'manx', `from-${tap}`])).code === 0;

type Address = { readonly local: string; readonly prefixlen: number; readonly scope: string };

/** Everything of the old interface on the new one, in one go: addresses, routes and neighbours, as a guest that was copied still has them. */
const switchGuest = async ({ netns, name }: Instance): Promise<number> => {
  const show = async (...words: readonly string[]): Promise<string> => await execOut(['ip', '-n', netns, ...words]);
  const [link] = JSON.parse(await show('-j', 'addr', 'show', 'dev', OWN ?? '')) as readonly { readonly addr_info: readonly Address[] }[];
  if (link === undefined) throw new LabError('no-interface', `${name} has no ${OWN}.`);
  const addresses = link.addr_info
    .filter(({ scope }) => scope === 'global')
    .map(({ local, prefixlen }) => `addr replace ${local}/${prefixlen} dev ${OWN}${local.includes(':') ? ' nodad noprefixroute' : ''}`);
  const routesOf = async (version: '-4' | '-6'): Promise<readonly string[]> =>
    (await show(version, 'route', 'show', 'dev', OWN ?? ''))
      .split('\n')
      .map((line) => line.replace(/ (expires \S+|linkdown)/g, '').trim())
      // The kernel makes IPv4's with their addresses; IPv6's come by router advertisements, which may say that there is none.
      .filter((line) => line !== '' && !(line.includes('proto kernel') && (version === '-4' || line.startsWith('fe80'))))
      // What leads to a router's address must be there before the router is used.
      .toSorted((a, b) => Number(a.includes(' via ')) - Number(b.includes(' via ')))
      .map((line) => `route replace ${line} dev ${OWN}`);
  const neighbours = [...(await show('neigh', 'show', 'dev', OWN ?? '')).matchAll(/^(\S+) lladdr (\S+)/gm)].map(
    ([, address, mac]) => `neigh replace ${address} lladdr ${mac} nud stale dev ${OWN}`,
  );
  const lines = [
    `link set ${OWN} down`,
    `link set ${OWN} name ${GONE}`,
    `link set ${COMING} name ${OWN}`,
    `link set ${OWN} up`,
    ...addresses,
    ...(await routesOf('-4')),
    ...(await routesOf('-6')),
    ...neighbours,
  ];
  const stoppedAt = performance.now();
  await runProgram(['ip', '-n', netns, '-batch', '-'], { stdin: `${lines.join('\n')}\n` });
  return stoppedAt;
};
