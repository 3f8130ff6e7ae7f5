import { hostSideMac } from '@manx/hoststate';
import { asMac, type Ip } from '@manx/ip';
import {
  announce,
  announceMac,
  execIn,
  hostNamespace,
  type Link,
  layoutOf,
  openLinkOf,
  outsideAddress4,
  outsideAddress6,
  outsideNamespace,
  removeGuest,
  removeTap,
  runProgram,
} from '@manx/lab/attack-kit';
import type { Guest, Plug } from './world.js';

/** Where every guest's cable ends. Nothing lives there: no addresses, no IPv6, nobody who would answer on his own. */
const guestsNamespace = 'manx-vm-oracle';

/** One end of the network in our hands: its cables, and the MACs of what is sent by them. */
export type End = {
  /** Whether a packet to this address is for it: beyond the fabric everything else has merely been routed into the void. */
  readonly isFor: (destination: Ip) => boolean;
  readonly links: readonly { readonly link: Link; readonly macs: { readonly from: string; readonly to: string } }[];
};

let cables = 0;

/** The namespace of the guests. */
export const openGuests = async (): Promise<void> => {
  await runProgram(['ip', 'netns', 'add', guestsNamespace], { ignore: /File exists/ });
  await runProgram([
    'ip',
    'netns',
    'exec',
    guestsNamespace,
    'sysctl',
    '-qw',
    'net.ipv6.conf.all.disable_ipv6=1',
    'net.ipv6.conf.default.disable_ipv6=1',
  ]);
};

export const closeGuests = async (): Promise<void> => await removeGuest(guestsNamespace);

/** Makes a tap on a host, its other end among the guests; resolves to that end's name. */
export const plugIn = async ({ host, tap }: Pick<Guest, 'host' | 'tap'>): Promise<string> => {
  cables += 1;
  const ifname = `cable${cables}`;
  await runProgram(['ip', '-n', hostNamespace(host), '-batch', '-'], {
    stdin: `link add ${tap} type veth peer name ${ifname} netns ${guestsNamespace}\nlink set ${tap} up\n`,
  });
  await runProgram(['ip', '-n', guestsNamespace, 'link', 'set', ifname, 'up']);
  return ifname;
};

export const unplug = async (guest: Pick<Guest, 'host' | 'tap'>): Promise<void> => await removeTap(guest);

/** The end of one of a guest's cables. */
export const guestEnd = ({ mac }: Guest, { ifname }: Plug): End => ({
  isFor: () => true,
  links: [{ link: openLinkOf(guestsNamespace, ifname), macs: { from: mac, to: hostSideMac(asMac(mac)) } }],
});

/** A guest says that it has an address now, as VRRP does (S9), by this cable. */
export const announceFrom = ({ ifname, mac }: Pick<Guest, 'ifname' | 'mac'>, address: Ip): void =>
  announce({ netns: guestsNamespace, ifname, mac }, address);

/** A hypervisor says that a guest's MAC is behind this cable now. */
export const announceMacFrom = ({ ifname, mac }: Pick<Guest, 'ifname' | 'mac'>): void =>
  announceMac({ netns: guestsNamespace, ifname, mac });

const macOf = async (namespace: string, ifname: string): Promise<string> => {
  const { stdout } = await execIn(namespace, ['cat', `/sys/class/net/${ifname}/address`]);
  return stdout.trim();
};

/** What keeps the outside's own kernel from answering for the address that the oracle plays. */
const mute = `add table inet oracle; add chain inet oracle input { type filter hook input priority 0; }; add rule inet oracle input ip daddr ${outsideAddress4} drop; add rule inet oracle input ip6 daddr ${outsideAddress6} drop`;

/** The end beyond the fabric: it sends and hears by both top-of-rack routers. */
export const openOutside = async (hosts: readonly string[]): Promise<End> => {
  await execIn(outsideNamespace, ['nft', mute]);
  const links = await Promise.all(
    layoutOf(hosts).tors.map(async ({ name, namespace }) => ({
      link: openLinkOf(outsideNamespace, name),
      macs: { from: await macOf(outsideNamespace, name), to: await macOf(namespace, 'to-out') },
    })),
  );
  const own: readonly string[] = [outsideAddress4, outsideAddress6];
  return { isFor: (destination) => own.includes(destination), links };
};

export const closeOutside = async ({ links }: End): Promise<void> => {
  for (const { link } of links) link.close();
  await execIn(outsideNamespace, ['nft', 'delete table inet oracle']);
};
