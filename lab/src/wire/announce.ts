import { asMac, type Ip, multicastMac } from '@manx/ip';
import { arp, ethernet, etherTypes, icmp6, ip, neighbourAdvertisementBody } from './frames.js';
import { sendFrame } from './namespace-socket.js';

/** Who announces something, by its `eth0` unless told. */
type Announcer = { readonly netns: string; readonly mac: string; readonly ifname?: string };

const BROADCAST = asMac('ff:ff:ff:ff:ff:ff');

/** Announces an address from an instance, as VRRP does, and a guest that has moved: gratuitous ARP, or an unsolicited neighbour advertisement. */
export const announce = ({ netns, mac, ifname = 'eth0' }: Announcer, address: Ip, source = asMac(mac)): void => {
  if (!address.includes(':')) {
    const payload = arp({ operation: 1, senderMac: source, senderIp: address, targetMac: asMac('00:00:00:00:00:00'), targetIp: address });
    sendFrame(netns, ifname, ethernet(BROADCAST, source, { type: etherTypes.arp, payload }));
    return;
  }
  const ends = { source: address, destination: 'ff02::1' as Ip };
  const payload = icmp6(ends, { type: 136, code: 0, body: neighbourAdvertisementBody(address, source) });
  const packet = ip({ ...ends, protocol: 58, hops: 255, payload });
  sendFrame(netns, ifname, ethernet(multicastMac(ends.destination), source, { type: etherTypes.ip6, payload: packet }));
};

/** What QEMU says in the name of a guest that has just come to it, so that switches learn where its MAC is (`net/announce.c`): RARP about itself. */
export const announceMac = ({ netns, mac, ifname = 'eth0' }: Announcer): void => {
  const own = asMac(mac);
  const nobody = '0.0.0.0' as Ip;
  const payload = arp({ operation: 3, senderMac: own, senderIp: nobody, targetMac: own, targetIp: nobody });
  sendFrame(netns, ifname, ethernet(BROADCAST, own, { type: etherTypes.rarp, payload }));
};
