import { type Ip, isRoutable, parseIp } from '@manx/ip';
import type { Attribute, Declaration } from '../declaration.js';
import type { StandardAttributes } from '../resource.js';
import { idAttribute, NAME_LENGTH, ownerAttributes, settable, told } from '../standard-attributes.js';
import { integer, nameText, oneOf, orNull, shown, type ValueRule } from '../value-rule.js';

/** A Neutron BGP peer. */
export type BgpPeer = StandardAttributes & {
  readonly name: string;
  readonly peer_ip: Ip;
  readonly remote_as: number;
  readonly auth_type: 'none' | 'md5';
  /** A secret: never in an answer or a log. */
  readonly password: string | null;
};

/** What a creation asks for, decoded. */
export type BgpPeerDraft = Pick<BgpPeer, 'project_id' | 'name' | 'peer_ip' | 'remote_as' | 'auth_type' | 'password'>;

/** AS numbers (RFC 6793); 0 is nobody's, and the last is reserved. */
export const asNumber: ValueRule = integer(1, 2 ** 32 - 2);

/** RFC 2385 allows 80 bytes in practice (TCP_MD5SIG_MAXKEYLEN, include/uapi/linux/tcp.h); what BIRD's file can carry in quotes. */
const PASSWORD = /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,80}$/;

const address: ValueRule = {
  schema: { type: 'string' },
  read: (value) => {
    const ip = typeof value === 'string' ? parseIp(value) : null;
    if (ip === null) return { reason: `'${shown(value)}' is not a valid IP address` };
    return isRoutable(ip)
      ? { value: ip }
      : { reason: `'${ip}' is no address that a router is reached by: it must be unicast, and not link-local` };
  },
  readFilter: (value) => parseIp(value) ?? value,
};

/** A refusal does not repeat the secret. */
const password: ValueRule = {
  schema: { type: 'string', minLength: 1, maxLength: 80, pattern: PASSWORD.source, writeOnly: true },
  read: (value) =>
    typeof value === 'string' && PASSWORD.test(value)
      ? { value }
      : { reason: 'a password is 1 to 80 printable ASCII characters without quotes and backslashes' },
};

/** BGP peers, declared. Extension: `bgp`. */
export const bgpPeerDeclaration: Declaration<'bgp_peer'> = {
  kind: 'bgp_peer',
  collection: 'bgp_peers',
  path: 'bgp-peers',
  notFound: 'BgpPeerNotFound',
  attributes: {
    ...idAttribute,
    name: settable('A name for people; need not be unique.', nameText(NAME_LENGTH), ''),
    ...ownerAttributes,
    peer_ip: given("The peer's address.", address),
    remote_as: given("The peer's AS number.", asNumber),
    auth_type: given('How sessions are authenticated: `md5` (RFC 2385) or not at all.', oneOf(['none', 'md5'])),
    password: {
      ...settable('The secret of `md5`; never shown.', orNull(password), null),
      seenBy: 'nobody',
      isFilter: false,
      isSortKey: false,
    },
  },
  computed: {},
  filters: {},
  indexed: { project_id: 'bgp_peer.project_id' },
};

function given(doc: string, rule: ValueRule): Attribute {
  return { ...told(doc, rule), onCreate: 'required' };
}
