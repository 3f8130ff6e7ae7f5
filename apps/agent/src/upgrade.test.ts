import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';
import { withoutFilled } from './testing/without-filled.js';

const [one, two] = [portOf(1), portOf(2)];
const both = [one, two];
const elements = (of: (port: typeof one) => string): string => `elements = { ${both.map(of).join(', ')} }`;
const chainsOf = ({ tap }: typeof one): string => `
	chain from-${tap} { jump stateful; jump egress-open; drop; }
	chain to-${tap} { jump stateful; jump ingress-open; drop; }`;

/** What an agent of an earlier version wrote for the state below: sets, maps and chains by the same names, of another shape; no marks, no names of drops. */
const EARLIER = `
delete table inet manx
delete table arp manx
delete table netdev manx
table inet manx {
	set taps { type ifname; ${elements(({ tap }) => `"${tap}"`)}; }
	set macs { type ifname . ether_addr; ${elements(({ tap, mac }) => `"${tap}" . ${mac}`)}; }
	set sources-v4 { type ifname . ether_addr . ipv4_addr; ${elements(({ tap, mac, ip }) => `"${tap}" . ${mac} . ${ip}`)}; }
	chain stateful { ct state vmap { established : accept, related : accept, invalid : drop }; }
	chain egress-open { meta nfproto ipv4 accept; }
	chain ingress-open { meta nfproto ipv4 icmp type 8 accept; }
${both.map(chainsOf).join('')}
	map egress { type ifname : verdict; ${elements(({ tap }) => `"${tap}" : goto from-${tap}`)}; }
	map ingress { type ifname : verdict; ${elements(({ tap }) => `"${tap}" : goto to-${tap}`)}; }
	chain prerouting { type filter hook prerouting priority -300; policy accept; iifname != "tap*" accept; iifname . ether saddr . ip saddr @sources-v4 accept; drop; }
	chain forward-from { type filter hook forward priority -1; policy accept; iifname != "tap*" accept; iifname vmap @egress; drop; }
	chain forward-to { type filter hook forward priority 0; policy accept; oifname != "tap*" accept; oifname vmap @ingress; drop; }
}
table arp manx {
	set taps { type ifname; ${elements(({ tap }) => `"${tap}"`)}; }
	set senders { type ifname . ether_addr . ether_addr . ipv4_addr; ${elements(({ tap, mac, ip }) => `"${tap}" . ${mac} . ${mac} . ${ip}`)}; }
	chain input { type filter hook input priority 0; policy accept; iifname != "tap*" accept; iifname . ether saddr . arp saddr ether . arp saddr ip @senders accept; drop; }
}
`;

const host = new TestHost('ag-upgrade', stateOf(SUBNET, policy('open', EGRESS, PING), endpoint(1), endpoint(2)));
const isUp = ({ state }: { readonly state: string }): boolean => state === 'up';
/** The lines of the tables, in no order, but for what is counted meanwhile and for who holds them (decision 13: an ordinary table stays one). */
const ruleset = (): string =>
  withoutFilled(host.exec('nft', '-s', 'list', 'ruleset'))
    .split('\n')
    .map((line) => line.replace(/ # progname .*/, ''))
    .filter((line) => !/^\s*$|flags owner/.test(line))
    .sort()
    .join('\n');

beforeAll(async () => {
  for (const n of [1, 2]) host.plug({ ...portOf(n), name: `ag-u${n}`, gateway: GATEWAY });
  await host.serve();
  host.start();
  for (const { id } of both) await host.status(id, isUp);
});
afterAll(() => host.remove());

describe('S20: an agent that starts over the tables of an earlier version', () => {
  it('puts its own in their place; what is allowed loses no packet meanwhile, and what is not never passes', async () => {
    const wanted = ruleset();
    await host.stop('SIGTERM');
    host.exec('nft', EARLIER);
    host.inGuest(
      'ag-u1',
      'nft',
      `table ip t { chain c { type filter hook input priority 0; ip protocol udp ip saddr ${two.ip} counter; }; }`,
    );
    const flood = `const s = require("dgram").createSocket("udp4"); let n = 0; setInterval(() => { for (let i = 0; i < 5; i += 1) s.send("x", 5000, "${one.ip}", () => { n += 1; if (n === 5) console.log("on"); }); }, 1);`;
    const forbidden = host.spawnInGuest('ag-u2', process.execPath, '-e', flood);
    await once(forbidden.stdout ?? forbidden, 'data');
    const allowed = host.spawnInGuest('ag-u1', 'ping', '-n', '-q', '-i', '0.002', '-c', '1500', two.ip);
    let said = '';
    allowed.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = once(allowed, 'exit');
    host.forgetStatuses();
    host.start();
    for (const { id } of both) await host.status(id, isUp);
    await ended;
    forbidden.kill();
    expect(said).toContain(' 0% packet loss');
    expect(host.inGuest('ag-u1', 'nft', 'list', 'table', 'ip', 't')).toContain('counter packets 0 bytes 0');
    expect(ruleset()).toBe(wanted);
  });
});
