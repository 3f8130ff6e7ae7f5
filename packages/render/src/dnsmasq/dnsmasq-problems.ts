import type { Problem } from '@manx/hoststate';
import { isDomainName } from './dhcp-name.js';
import type { DnsmasqSettings } from './dnsmasq-settings.js';

const PATH = /^\/[A-Za-z0-9._/-]*$/;
const ACCOUNT = /^[a-z_][a-z0-9_-]{0,31}$/;

/** Shorter leases are made longer by dnsmasq (dnsmasq(8), --dhcp-range); longer ones do not fit in 32 bits. */
const MIN_LEASE_SECONDS = 120;
const MAX_LEASE_SECONDS = 0x7f_ff_ff_ff;

/** Why these settings cannot stand in dnsmasq's file, in the order of the settings; empty when they can. */
export function dnsmasqProblems({ directory, user, group, domain, leaseSeconds }: DnsmasqSettings): readonly Problem[] {
  const isLease = Number.isInteger(leaseSeconds) && leaseSeconds >= MIN_LEASE_SECONDS && leaseSeconds <= MAX_LEASE_SECONDS;
  return [
    ...wrong(PATH.test(directory), 'directory', 'must be an absolute path of letters, digits, `.`, `_`, `-` and `/`'),
    ...wrong(ACCOUNT.test(user), 'user', 'must be the name of a user'),
    ...wrong(ACCOUNT.test(group), 'group', 'must be the name of a group'),
    ...wrong(domain === null || isDomainName(domain), 'domain', 'must be a domain name without a dot at its end'),
    ...wrong(isLease, 'lease', `must be a whole number of seconds, ${MIN_LEASE_SECONDS} to ${MAX_LEASE_SECONDS}`),
  ];
}

function wrong(isRight: boolean, subject: string, detail: string): Problem[] {
  return isRight ? [] : [{ code: 'bad_dhcp_setting', subject: `dhcp.${subject}`, detail }];
}
