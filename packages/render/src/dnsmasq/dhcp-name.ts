const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** Words and times that a line of `dhcp-hostsfile` gives another meaning (dnsmasq(8), --dhcp-host). */
const RESERVED = /^(?:ignore|infinite|\d+[smhdw]?)$/i;

/** Whether the text is one DNS label (RFC 1123, section 2.1) that a hosts line takes for a name and for nothing else. */
export function isDhcpHostname(text: string): boolean {
  return LABEL.test(text) && !RESERVED.test(text);
}

/** Whether the text is a domain of such labels, of 253 characters at most, without a dot at the end. */
export function isDomainName(text: string): boolean {
  return text.length <= 253 && text.split('.').every((label) => LABEL.test(label));
}
