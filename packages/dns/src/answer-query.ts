import { familyOf, type Ip } from '@manx/ip';
import { madeIp } from './made-name.js';
import type { Query } from './read-query.js';
import { reversedIp } from './reverse-name.js';
import { CLASS, FLAG, RCODE, TYPE } from './wire.js';
import type { Reply } from './write-message.js';
import type { Zone } from './zone.js';

/** The types below 255 that are no records but operations, zone transfers among them (RFC 6895, section 3.1). */
const isOperation = (type: number): boolean => type >= 128 && type < TYPE.any;

const plain = (rcode: Reply['rcode'], isAuthoritative = false): Reply => ({ rcode, answers: [], isAuthoritative });

/**
 * What a question is answered with by somebody who knows this zone (null: none); or `forward`: others are to be asked. Names of ports, and names
 * that say an address in a domain of theirs,
 * are answered here and never asked for elsewhere, nor are other records of them: there are none. All else is the forwarders'
 * business, names beside ours in our domains too, since the operator may have named more there; without forwarders those do not exist, and about
 * the rest nothing is said (REFUSED).
 */
export function answerQuery(query: Query, zone: Zone | null, hasForwarders: boolean): Reply | 'forward' {
  const { name, type } = query;
  if ((query.class !== CLASS.in && query.class !== CLASS.any) || isOperation(type)) return plain(RCODE.refused);
  const own = name === null || zone === null ? null : ownReply({ name, type, zone });
  if (own !== null) return own;
  if (hasForwarders) return (query.flags & FLAG.recursionDesired) === 0 ? plain(RCODE.refused) : 'forward';
  if (name === null || zone === null) return plain(RCODE.refused);
  if (zone.isParent(name)) return plain(RCODE.noError, true);
  return zone.isWithin(name) ? plain(RCODE.nameError, true) : plain(RCODE.refused);
}

function ownReply({ name, type, zone }: { readonly name: string; readonly type: number; readonly zone: Zone }): Reply | null {
  const is = (asked: number): boolean => type === asked || type === TYPE.any;
  const addresses = zone.addressesOf(name) ?? madeAddresses(name, zone);
  if (addresses !== null) {
    const answers = addresses.filter((ip) => is(familyOf(ip) === 4 ? TYPE.a : TYPE.aaaa)).map((ip) => ({ kind: 'address', ip }) as const);
    return { rcode: RCODE.noError, answers, isAuthoritative: true };
  }
  const ip = reversedIp(name);
  const fqdn = ip === null ? null : zone.nameOf(ip);
  if (fqdn === null) return null;
  return { rcode: RCODE.noError, answers: is(TYPE.ptr) ? [{ kind: 'name', fqdn }] : [], isAuthoritative: true };
}

/** What a name that is made of an address stands for, in a domain in which ports here are named. */
function madeAddresses(name: string, zone: Zone): readonly Ip[] | null {
  const dot = name.indexOf('.');
  const ip = dot < 0 || !zone.hasDomain(name.slice(dot + 1)) ? null : madeIp(name.slice(0, dot));
  return ip === null ? null : [ip];
}
