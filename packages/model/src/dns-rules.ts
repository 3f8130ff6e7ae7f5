import { shown, type ValueRule } from './value-rule.js';

/** The longest fully qualified domain name (RFC 1035, section 2.3.4), in characters. */
const FQDN_LENGTH = 255;

/** The deployment's domain unless its operator says: Neutron's own preset. */
export const DEFAULT_DNS_DOMAIN = 'openstacklocal.';

/** A port's name in the DNS: one or more labels, lower case; with a dot at the end it is fully qualified. Empty: none. */
export const dnsName: ValueRule = dnsRule((name) => formatReason(name));

/** A domain, fully qualified (with a dot at the end), lower case. Empty: none. */
export const dnsDomain: ValueRule = dnsRule((domain) => {
  if (!domain.endsWith('.')) return `'${shown(domain)}' is not a FQDN`;
  const reason = formatReason(domain);
  if (reason !== null) return reason;
  if (domain.length <= FQDN_LENGTH - 2) return null;
  return `'${shown(domain)}' contains ${domain.length} characters. Adding a sub-domain will cause it to exceed the maximum length of a FQDN of '${FQDN_LENGTH}'`;
});

function dnsRule(reasonOf: (text: string) => string | null): ValueRule {
  return {
    schema: { type: 'string', maxLength: FQDN_LENGTH },
    read: (value) => {
      if (typeof value !== 'string') return { reason: `'${shown(value)}' is not a valid string` };
      const text = value.toLowerCase();
      const reason = text === '' ? null : reasonOf(text);
      return reason === null ? { value: text } : { reason };
    },
  };
}

/** What is wrong with a name as such (RFC 1123, section 2.1), in Neutron's words; null for nothing. */
function formatReason(name: string): string | null {
  const reason = labelsReason(name.endsWith('.') ? name.slice(0, -1) : name);
  return reason === null ? null : `'${shown(name)}' not a valid PQDN or FQDN. Reason: ${reason}`;
}

function labelsReason(name: string): string | null {
  if (name.length > FQDN_LENGTH) return `'${shown(name)}' exceeds the ${FQDN_LENGTH} character FQDN limit`;
  const labels = name.split('.');
  for (const label of labels) {
    if (label === '') return 'Encountered an empty component';
    if (label.startsWith('-') || label.endsWith('-')) return `Name '${shown(label)}' must not start or end with a hyphen`;
    if (!/^[a-z0-9-]{1,63}$/.test(label)) {
      return `Name '${shown(label)}' must be 1-63 characters long, each of which can only be alphanumeric or a hyphen`;
    }
  }
  const top = labels.at(-1) ?? '';
  return labels.length > 1 && /^[0-9]+$/.test(top) ? `TLD '${top}' must not be all numeric` : null;
}
