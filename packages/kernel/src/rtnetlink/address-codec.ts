import { familyOf, type Ip, isLinkLocal } from '@manx/ip';
import { decodeAttributes, encodeAttributes, u32 } from '../netlink/attribute.js';
import { AF_OF_FAMILY, familyOfAf, ipBytes, ipFromBytes } from '../netlink/ip-bytes.js';
import { type NetlinkRequest, NLM_F_CREATE, NLM_F_REPLACE } from '../netlink/message.js';
import type { HostAddress } from './facts.js';

export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;
const HEADER = 8; // struct ifaddrmsg
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_FLAGS = 8;
const IFA_F_NODAD = 0x02;
const IFA_F_NOPREFIXROUTE = 0x200;
const WANTED: ReadonlySet<number> = new Set([IFA_ADDRESS, IFA_LOCAL, IFA_FLAGS]);

type AddressKey = { readonly ifindex: number; readonly ip: Ip; readonly prefixLength: number };

/** Payload that asks for all addresses, of one interface if an index is given. */
export const encodeAddressDump = (ifindex = 0): Buffer => {
  const header = Buffer.alloc(HEADER);
  header.writeInt32LE(ifindex, 4);
  return header;
};

/**
 * Puts an address on an interface, usable at once (no duplicate address detection). Of IPv6 only a link-local one brings the route of
 * its prefix along: the prefix of any other is not to be looked for on this interface.
 */
export const encodeAddressPut = (address: AddressKey): NetlinkRequest => encode(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, address);

/** Takes an address off an interface. */
export const encodeAddressDelete = (address: AddressKey): NetlinkRequest => encode(RTM_DELADDR, 0, address);

/** Reads RTM_NEWADDR or RTM_DELADDR; null for a family other than IP. */
export const decodeAddress = (payload: Buffer): HostAddress | null => {
  if (payload.length < HEADER || familyOfAf(payload.readUInt8(0)) === null) return null;
  const attributes = decodeAttributes(payload.subarray(HEADER), WANTED);
  // On a point-to-point link IFA_ADDRESS is the other end's; IFA_LOCAL, where there is one, is always ours.
  const bytes = attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS);
  const ip = bytes === undefined ? null : ipFromBytes(bytes);
  if (ip === null) return null;
  const flags = attributes.get(IFA_FLAGS)?.readUInt32LE(0) ?? payload.readUInt8(2);
  return { ifindex: payload.readInt32LE(4), ip, prefixLength: payload.readUInt8(1), flags };
};

const encode = (type: number, flags: number, address: AddressKey): NetlinkRequest => {
  const header = Buffer.alloc(HEADER);
  header.writeUInt8(AF_OF_FAMILY[familyOf(address.ip)], 0);
  header.writeUInt8(address.prefixLength, 1);
  header.writeInt32LE(address.ifindex, 4);
  const value = ipBytes(address.ip);
  const attributes = [
    { type: IFA_LOCAL, value },
    { type: IFA_ADDRESS, value },
  ];
  const how = type === RTM_NEWADDR && familyOf(address.ip) === 6 ? [u32(IFA_FLAGS, flagsOf(address.ip))] : [];
  return { type, flags, payload: Buffer.concat([header, encodeAttributes([...attributes, ...how])]) };
};

const flagsOf = (ip: Ip): number => (isLinkLocal(ip) ? IFA_F_NODAD : IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
