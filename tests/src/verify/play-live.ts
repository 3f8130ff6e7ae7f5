import { announceFrom, announceMacFrom, plugIn, unplug } from './cables.js';
import { client, hostAt, updatePort } from './oracle-client.js';
import type { LiveStep } from './step.js';
import { type Guest, type OtherPlug, type Plug, type World } from './world.js';

type Change = Partial<Guest>;

/**
 * A moment of a live migration, as Nova, QEMU and the guest have it. `isCalm`: nothing is broken meanwhile, so that what the guest says has to be
 * heard. False: there was nothing to do it to.
 */
export const playLive = async (
  world: World,
  guest: Guest,
  { step, isCalm }: { readonly step: LiveStep; readonly isCalm: boolean },
): Promise<boolean> => {
  const change = await changeOf(world, guest, { step, isCalm });
  if (change !== null) world.guests.set(guest.slot, { ...guest, ...change });
  return change !== null;
};

const changeOf = async (
  world: World,
  guest: Guest,
  { step, isCalm }: { readonly step: LiveStep; readonly isCalm: boolean },
): Promise<Change | null> => {
  const { other } = guest;
  switch (step.do) {
    case 'live':
      return await begin(guest, { host: hostAt(world, step.host), by: step.by });
    case 'arrive':
      return other?.role === 'coming' ? await arrive(guest, other, { word: step.word, isCalm }) : null;
    case 'activate':
      return other?.role === 'coming' ? await activate(guest, other) : null;
    case 'leave':
      return other?.role === 'left' ? await end(guest, other) : null;
    case 'turn-back':
      return other === null ? null : await turnBack(guest, other, step.isHeard);
    default:
      return step satisfies never;
  }
};

const bindingsOf = ({ port }: Guest): string => `ports/${port}/bindings`;

const begin = async (guest: Guest, { host, by }: Pick<OtherPlug, 'host' | 'by'>): Promise<Change | null> => {
  if (guest.other !== null || guest.host === host) return null;
  if (by === 'binding') await client.create(bindingsOf(guest), 'binding', { host });
  else await updatePort(guest.port, { 'binding:profile': { migrating_to: host } });
  return { other: { role: 'coming', by, host, ifname: await plugIn({ host, tap: guest.tap }) }, saidAt: null, mustBeAt: null };
};

const say = (guest: Guest, { ifname }: Plug, word: Extract<LiveStep, { do: 'arrive' }>['word']): void => {
  const at = { ...guest, ifname };
  if (word === 'rarp') announceMacFrom(at);
  else announceFrom(at, word === 'arp' ? guest.v4 : guest.v6);
};

/** Who is heard: an instance whose port is up. */
const isActive = async ({ port }: Guest): Promise<boolean> => (await client.show('ports', port))['status'] === 'ACTIVE';

const arrive = async (
  guest: Guest,
  target: OtherPlug,
  { word, isCalm }: Pick<Extract<LiveStep, { do: 'arrive' }>, 'word'> & { readonly isCalm: boolean },
): Promise<Change> => {
  const mustBeAt = isCalm && (await isActive(guest)) ? target.host : null;
  say(guest, target, word);
  return { saidAt: target.host, mustBeAt };
};

/** The binding in use, and the one that was. */
const swapped = ({ host, ifname }: Guest, to: OtherPlug): Change => ({
  host: to.host,
  ifname: to.ifname,
  other: { role: 'left', by: to.by, host, ifname },
  mustBeAt: null,
});

const activate = async (guest: Guest, target: OtherPlug): Promise<Change> => {
  if (target.by === 'binding') await client.act(bindingsOf(guest), target.host, { action: 'activate', body: {} });
  else await updatePort(guest.port, { 'binding:host_id': target.host, 'binding:profile': {} });
  return { ...swapped(guest, target), saidAt: target.host };
};

const end = async (guest: Guest, { host, by }: OtherPlug): Promise<Change> => {
  await unplug({ host, tap: guest.tap });
  if (by === 'binding') await client.remove(bindingsOf(guest), host);
  return { other: null, saidAt: null, mustBeAt: null };
};

const turnBack = async (guest: Guest, other: OtherPlug, isHeard: boolean): Promise<Change> => {
  if (other.role === 'coming') {
    if (isHeard) say(guest, guest, 'rarp');
    await unplug({ host: other.host, tap: guest.tap });
    await (other.by === 'binding' ? client.remove(bindingsOf(guest), other.host) : updatePort(guest.port, { 'binding:profile': {} }));
    return { other: null, saidAt: null, mustBeAt: null };
  }
  // Straight back: to a binding that still waits, or to a host that expects nobody any more.
  if (other.by === 'binding') await client.act(bindingsOf(guest), other.host, { action: 'activate', body: {} });
  else await updatePort(guest.port, { 'binding:host_id': other.host });
  const back = { ...guest, ...swapped(guest, other) };
  if (isHeard) say(back, back, 'rarp');
  return { ...back, ...(await end(back, { ...other, role: 'left', host: guest.host, ifname: guest.ifname })) };
};

/** Unplugs a guest everywhere. */
export const unplugAll = async (guest: Guest): Promise<void> => {
  for (const { host } of [guest, ...(guest.other === null ? [] : [guest.other])]) await unplug({ host, tap: guest.tap });
};
