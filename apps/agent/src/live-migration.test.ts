import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Endpoint, HostState } from '@manx/hoststate';
import { afterAll, describe, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const A = portOf(1);
const incoming: Endpoint = { ...endpoint(1), phase: 'incoming', picksUp: true };
const state = (...endpoints: readonly Endpoint[]): HostState => stateOf(SUBNET, policy('open', EGRESS, PING), ...endpoints);
const here = (phase: Endpoint['phase']): HostState => state({ ...incoming, phase, picksUp: phase === 'incoming' || phase === 'arrived' });

const host = new TestHost('ag-live', here('incoming'));
const guest = 'ag-live-g1';
const plug = (): void => host.plug({ ...A, name: guest, gateway: GATEWAY });
const routes = (): string => host.exec('ip', 'route', 'show', A.ip, 'proto', '80').trim();
const saved = (): string => {
  const path = join(host.folder, 'state/moves.json');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};
const phase =
  (wanted: string) =>
  ({ state: said }: { readonly state: string }): boolean =>
    said === wanted;

/** One frame from the guest, as scapy says it. */
const send = (frame: string): void => {
  const script = `from scapy.all import *; sendp(${frame}, iface="eth0", verbose=0)`;
  host.inGuest(guest, '/usr/bin/python3', '-c', script);
};
/** What a hypervisor says for the guest that has come to it. */
const rarp = (mac: string): string =>
  `Ether(src="${mac}", dst="ff:ff:ff:ff:ff:ff", type=0x8035)/ARP(op=3, hwsrc="${mac}", hwdst="${mac}", psrc="0.0.0.0", pdst="0.0.0.0")`;
const gratuitous = `Ether(src="${A.mac}", dst="ff:ff:ff:ff:ff:ff")/ARP(op=1, hwsrc="${A.mac}", psrc="${A.ip}", pdst="${A.ip}")`;
const advertisement = `Ether(src="${A.mac}", dst="33:33:00:00:00:01")/IPv6(src="fe80::1", dst="ff02::1", hlim=255)/ICMPv6ND_NA(R=0, S=0, O=1, tgt="fd00:65::2")`;

/** The server takes it to be awaited again: what was heard before counts no more. */
const again = async (): Promise<void> => {
  const known = host.change(here('arrived'));
  await host.status(A.id, (status) => status.revision >= known);
  const revision = host.change(here('incoming'));
  await host.status(A.id, (status) => status.revision >= revision && status.state === 'up');
  await host.until('silence', () => (routes() === '' ? true : null));
};

afterAll(() => host.remove());

describe('live migration, at the target', () => {
  it('everything is programmed, and told so, but nothing is routed there; what another MAC says, or is no announcement, changes nothing', async () => {
    await host.serve();
    host.start();
    plug();
    await host.status(A.id, phase('up'));
    send(rarp('fa:16:3e:00:00:99'));
    send(`Ether(src="${A.mac}", dst="fe:16:3e:00:00:01")/IP(src="${A.ip}", dst="192.0.2.1")/UDP(dport=9)`);
    // What comes after is heard after: when it is, the others were not.
    expect(routes()).toBe('');
    expect(saved()).toContain('"incoming"');
  });

  it.each([
    ['RARP of its hypervisor', rarp(A.mac)],
    ['gratuitous ARP', gratuitous],
    ['an unsolicited neighbour advertisement', advertisement],
  ])('%s: it has arrived; the server is told, and the route has the better metric', async (_, frame) => {
    send(frame);
    await host.status(A.id, phase('arrived'));
    expect(routes()).toContain('metric 512');
    expect(routes().split('\n')).toHaveLength(1);
    await again();
  });

  it('that it was heard survives the agent, without a server too; the new binding is the end of it', async () => {
    send(rarp(A.mac));
    await host.status(A.id, phase('arrived'));
    await host.leave();
    await host.stop('SIGKILL');
    host.said = '';
    host.start();
    await host.until('a turn', () => (host.said.includes('the server is away') ? true : null));
    expect(routes()).toContain('metric 512');
    host.forgetStatuses();
    await host.serve();
    await host.status(A.id, phase('arrived'));
    const revision = host.change(here('home'));
    await host.status(A.id, (status) => status.revision >= revision);
    expect(routes()).toContain('metric 512');
    expect(saved()).toContain('"settling"');
  });

  it('is silent and deaf when it has left, and leaves no trace when its binding is gone', async () => {
    const left = host.change(here('left'));
    await host.status(A.id, (status) => status.revision >= left && status.state === 'up');
    await host.until('silence', () => (routes() === '' ? true : null));
    send(gratuitous);
    send(rarp(A.mac));
    host.change(state());
    await host.until('an end', () => (saved() === '[]\n' ? true : null));
    expect(routes()).toBe('');
    expect(host.exec('nft', 'list', 'map', 'inet', 'manx', 'egress')).not.toContain(A.tap);
  });

  it('nobody has heard it, its tap came after: the server’s word is enough', async () => {
    host.exec('ip', 'link', 'delete', A.tap);
    const awaited = host.change(here('incoming'));
    await host.status(A.id, (status) => status.revision >= awaited);
    host.change(here('home'));
    plug();
    await host.status(A.id, phase('arrived'));
    expect(routes()).toContain('metric 512');
  });

  it('is awaited again when its tap goes before the server knows', async () => {
    host.change(state());
    await host.until('an end', () => (saved() === '[]\n' ? true : null));
    host.change(here('incoming'));
    await host.status(A.id, phase('up'));
    send(gratuitous);
    await host.status(A.id, phase('arrived'));
    host.exec('ip', 'link', 'delete', A.tap);
    await host.status(A.id, phase('down'));
    expect(saved()).toContain('"incoming"');
  });
});
