import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Endpoint, HostState } from '@manx/hoststate';
import { asCidr, asIp, asMac, compareCidrs, type Ip } from '@manx/ip';
import { afterAll, describe, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const VIP = asIp('10.65.0.100');
const VIP6 = asIp('fd00:65::100');
const [A, B] = [portOf(1), portOf(2)];

type Claims = { readonly claims?: readonly Ip[]; readonly yielded?: readonly Ip[] };
const holder = (n: number, { claims = [], yielded = [] }: Claims = {}): Endpoint => ({
  ...endpoint(n),
  pairs: [`${VIP}/32`, `${VIP6}/128`]
    .map((text) => ({
      cidr: asCidr(text),
      mac: asMac(portOf(n).mac),
      isRouted: true,
      isYielded: yielded.some((ip) => text.startsWith(`${ip}/`)),
    }))
    .sort((one, other) => compareCidrs(one.cidr, other.cidr)),
  claims,
});
const state = (a: Claims = {}, b: Claims = {}): HostState => stateOf(SUBNET, policy('open', EGRESS, PING), holder(1, a), holder(2, b));

const host = new TestHost('ag-claims', state());
const guestOf = (n: number): string => `ag-claims-g${n}`;
const plug = (n: number): void => host.plug({ ...portOf(n), name: guestOf(n), gateway: GATEWAY });
/** The taps that packets to the address go to, sorted. */
const waysTo = (ip: Ip): readonly string[] =>
  [...host.exec('ip', 'route', 'show', ip).matchAll(/dev (tap\S+)/g)].map(([, tap]) => tap ?? '').toSorted();
const waysTo6 = (): readonly string[] =>
  [...host.exec('ip', '-6', 'route', 'show', VIP6).matchAll(/dev (tap\S+)/g)].map(([, tap]) => tap ?? '').toSorted();
const goesTo = async (what: string, taps: readonly string[], ways = () => waysTo(VIP)): Promise<void> => {
  await host.until(what, () => (JSON.stringify(ways()) === JSON.stringify(taps.toSorted()) ? true : null));
};
const announce = (n: number): void => void host.inGuest(guestOf(n), 'arping', '-q', '-A', '-c', '1', '-I', 'eth0', '-s', VIP, VIP);
const isUp = ({ state: said }: { readonly state: string }): boolean => said === 'up';

afterAll(() => host.remove());

describe('S9: an address that instances announce', () => {
  it('is shared by its holders, until one announces it: then it goes there, and the server is told', async () => {
    await host.serve();
    host.start();
    for (const n of [1, 2]) plug(n);
    for (const { id } of [A, B]) await host.status(id, isUp);
    await goesTo('both', [A.tap, B.tap]);
    for (const n of [1, 2]) host.inGuest(guestOf(n), 'ip', 'address', 'add', `${VIP}/32`, 'dev', 'lo');
    announce(1);
    await goesTo('the first', [A.tap]);
    await host.until('report', () => (host.claims[0]?.endpoint === A.id ? true : null));
    expect(host.claims).toMatchObject([{ ip: VIP }]);
    expect(waysTo6()).toHaveLength(2);
  });

  it('follows the next announcement, whatever the server said last', async () => {
    host.change(state({ claims: [VIP] }, { yielded: [VIP] }));
    announce(2);
    await goesTo('the second', [B.tap]);
    await host.until('report', () => (host.claims[0]?.endpoint === B.id ? true : null));
    host.change(state({ yielded: [VIP] }, { claims: [VIP] }));
    await goesTo('the second still', [B.tap]);
  });

  it('is nobody’s to claim who does not have it: neither with another’s MAC nor from another’s tap', async () => {
    host.plug({ ...portOf(3), name: guestOf(3), gateway: GATEWAY });
    host.inGuest(guestOf(3), 'ip', 'address', 'add', `${VIP}/32`, 'dev', 'lo');
    announce(3);
    host.inGuest(guestOf(1), 'ip', 'link', 'set', 'eth0', 'address', '02:00:00:00:00:99');
    announce(1);
    host.inGuest(guestOf(1), 'ip', 'link', 'set', 'eth0', 'address', A.mac);
    // What comes after is heard after: an honest announcement shows that the others were not.
    const before = host.claims;
    host.inGuest(guestOf(2), 'ip', 'address', 'add', `${VIP6}/128`, 'dev', 'eth0', 'nodad');
    advertise(2);
    await goesTo('IPv6', [B.tap], waysTo6);
    await host.until('report', () => (host.claims.length === before.length + 1 ? true : null));
    expect(host.claims.filter(({ ip }) => ip === VIP).map(({ endpoint: id }) => id)).toEqual([B.id]);
    host.change(state({ yielded: [VIP, VIP6] }, { claims: [VIP, VIP6] }));
  });

  it('S20: stays where it is while the agent is away and when it is back, also without a server', async () => {
    await host.leave();
    announce(1);
    await goesTo('the first, without a server', [A.tap]);
    await host.until('the copy on disk', () =>
      existsSync(join(host.folder, 'state/claims.json')) && readFileSync(join(host.folder, 'state/claims.json'), 'utf8').includes(A.id)
        ? true
        : null,
    );
    await host.stop('SIGKILL');
    expect(waysTo(VIP)).toEqual([A.tap]);
    host.said = '';
    host.start();
    await host.until('a turn', () => (host.said.includes('the server is away') ? true : null));
    expect(waysTo(VIP)).toEqual([A.tap]);
    await host.serve();
    await host.until('report', () => (host.claims.some(({ endpoint: id, ip }) => id === A.id && ip === VIP) ? true : null));
  });

  it('goes back to those who remain when its holder’s tap goes, and the server is told', async () => {
    host.change(state({ claims: [VIP], yielded: [VIP6] }, { yielded: [VIP], claims: [VIP6] }));
    host.exec('ip', 'link', 'delete', A.tap);
    await goesTo('the one that is left', [B.tap]);
    await host.until('report', () => (host.claims.every(({ ip }) => ip !== VIP) ? true : null));
  });

  it('goes to nobody here once another host’s instance has claimed it', async () => {
    host.change(state({ yielded: [VIP, VIP6] }, { yielded: [VIP, VIP6] }));
    await goesTo('nobody', []);
    announce(2);
    await goesTo('the second', [B.tap]);
    // The server has a later claim of another host: what it answers counts.
    const revision = host.change(state({ yielded: [VIP, VIP6] }, { yielded: [VIP], claims: [VIP6] }));
    await host.status(B.id, (status) => status.revision >= revision);
    await goesTo('nobody', []);
  });
});

/** An unsolicited neighbour advertisement of the address, as keepalived sends it. */
const advertise = (n: number): void => {
  const { mac } = portOf(n);
  const ether = `Ether(src="${mac}", dst="33:33:00:00:00:01")`;
  const advertisement = `ICMPv6ND_NA(R=0, S=0, O=1, tgt="${VIP6}")/ICMPv6NDOptDstLLAddr(lladdr="${mac}")`;
  const script = `from scapy.all import *; sendp(${ether}/IPv6(src="${VIP6}", dst="ff02::1", hlim=255)/${advertisement}, iface="eth0", verbose=0)`;
  host.inGuest(guestOf(n), '/usr/bin/python3', '-c', script);
};
