import { cidrContains } from '@manx/ip';
import { type AddressPair, type ClaimedAddress, type Port, type Problem, pairCidr, runsAt, SERVER_ACTOR } from '@manx/model';
import { disallowed } from './authority.js';
import type { ReportedClaim } from './command.js';
import type { Work } from './work.js';

/** The most addresses that one port may have claimed: a prefix as a pair would let it claim millions. */
const MAX_CLAIMS = 64;

/** A host's word on what its ports have claimed: the ports that it speaks of, and every claim of theirs. */
export type ClaimReport = { readonly ports: readonly string[]; readonly claims: readonly ReportedClaim[] };

/**
 * Takes a host's word on which addresses its ports have claimed (S9). `ports` have what `claims` says and nothing else. Of two claims
 * to one address the later stands, whichever is heard of first; of two of one moment, that of the port with the greater id. What is said
 * of a port that is gone or elsewhere, or of an address outside of its pairs, is late, not wrong: it is passed over.
 */
export function reportClaims(work: Work, host: string, { ports, claims }: ClaimReport): string[] | Problem {
  if (work.actor !== SERVER_ACTOR) return disallowed('update_port', { rule: 'update_port:status', keys: [] });
  const here = new Set(ports.filter((id) => isAt(host, work.state.get('port', id))));
  for (const id of here) {
    const said = new Set(claims.flatMap((claim) => (claim.port === id ? [claim.ip_address] : [])));
    const port = work.state.get('port', id);
    if (port !== undefined) keep(work, port, (claim) => said.has(claim.ip_address));
  }
  for (const claim of claims) if (here.has(claim.port)) takeClaim(work, claim);
  return ports.filter((id) => work.isTouched('port', id));
}

/** What of its claims a port keeps with other pairs, or at another place: none where it is plugged in nowhere. For `Work.update`. */
export function claimsKept(port: Port, pairs: readonly AddressPair[], host: string): Pick<Port, 'claimed_addresses'> {
  const { claimed_addresses: claims = [] } = port;
  const kept = host === '' ? [] : claims.filter(({ ip_address }) => isPaired(ip_address, pairs));
  return kept.length === claims.length ? {} : { claimed_addresses: kept };
}

function takeClaim(work: Work, { port: id, ip_address, claimed_at }: ReportedClaim): void {
  const port = work.state.get('port', id);
  if (claimed_at === null || port === undefined || !isPaired(ip_address, port.allowed_address_pairs)) return;
  const { claimed_addresses: own = [] } = port;
  if (own.some((claim) => claim.ip_address === ip_address) || own.length >= MAX_CLAIMS) return;
  const others = work.state.by('port.claimed_address', ip_address);
  const isLater = others.every((other) => {
    const at = other.claimed_addresses?.find((claim) => claim.ip_address === ip_address)?.claimed_at ?? '';
    return at < claimed_at || (at === claimed_at && other.id < id);
  });
  if (!isLater) return;
  for (const other of others) keep(work, other, (claim) => claim.ip_address !== ip_address);
  const next: ClaimedAddress[] = [...own, { ip_address, claimed_at }];
  work.update('port', port, { claimed_addresses: next.sort((a, b) => (a.ip_address < b.ip_address ? -1 : 1)) });
}

function keep(work: Work, port: Port, isKept: (claim: ClaimedAddress) => boolean): void {
  const { claimed_addresses: claims = [] } = port;
  const kept = claims.filter(isKept);
  if (kept.length < claims.length) work.update('port', port, { claimed_addresses: kept });
}

function isAt(host: string, port: Port | undefined): boolean {
  // Where an instance has left by live migration, what is left of it claims nothing, and gives nothing up.
  return port?.['binding:host_id'] === host && port['binding:vif_type'] === 'tap' && runsAt(port) === host;
}

function isPaired(ip: ClaimedAddress['ip_address'], pairs: readonly AddressPair[]): boolean {
  return pairs.some((pair) => cidrContains(pairCidr(pair), ip));
}
