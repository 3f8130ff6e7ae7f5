import type { DropReason, HostName, HostState, SeenPacket } from '@manx/hoststate';
import { asIp, asMac } from '@manx/ip';
import { endpoint, policy, rule, stateOf, subnet } from '@manx/render/testing/states';
import { describe, expect, it } from 'vitest';
import { cloudOf } from './cloud-of.js';
import { type Dropped, explainDrop } from './explain-drop.js';
import { packetText } from './packet-text.js';

const SHARED = [
  subnet('sub4', '10.65.0.0/24', '10.65.0.1'),
  policy('web', [rule('out', { direction: 'egress', protocol: 17 }), rule('https', { protocol: 6, ports: { from: 443, to: 443 } })]),
];
const web = endpoint('web-1', 1, { ips: ['10.65.0.10'], policies: ['web'] });
const db = endpoint('db-1', 2, { ips: ['10.65.0.20'], policies: ['web'] });
const down = endpoint('down-1', 3, { ips: ['10.65.0.30'], policies: ['web'], isUp: false });
const STATES = new Map([
  ['h1', stateOf([...SHARED, web, down])],
  ['h2', stateOf([...SHARED, db])],
]) as ReadonlyMap<string, HostState> as ReadonlyMap<HostName, HostState>;
const CLOUD = cloudOf(STATES);

const tcp = (source: string, destination: string, dport: number | null = 22): SeenPacket & { readonly kind: 'ip' } => ({
  kind: 'ip',
  source: asIp(source),
  destination: asIp(destination),
  protocol: 6,
  sport: dport === null ? null : 40_000,
  dport,
  icmp: null,
  tcpFlags: 2,
  length: 60,
});
const dropped = (reason: DropReason, packet: SeenPacket, fields: Partial<Dropped> = {}): Dropped => ({
  reason,
  endpoint: web.id,
  mac: web.mac,
  packet,
  ...fields,
});

describe('a dropped packet', () => {
  it('S16: of no ingress rule names the groups that were asked and what opens it, and who is at the other end', () => {
    expect(explainDrop(CLOUD, dropped('ingress-policy', tcp('10.65.0.20', '10.65.0.10')))).toEqual({
      peers: [db.id],
      check: `no rule of the groups of ${web.id} (web) lets in TCP port 22 from 10.65.0.20`,
      opening: expect.stringMatching(/--ingress .*--protocol tcp --dst-port 22 --remote-ip 10.65.0.20\/32 web$/) as string,
    });
  });

  it('S16: of no egress rule is told from the side of its sender, whatever the receiver would say', () => {
    const { check, opening } = explainDrop(CLOUD, dropped('egress-policy', tcp('10.65.0.10', '10.65.0.20')));
    expect(check).toBe(`no rule of the groups of ${web.id} (web) lets out TCP port 22 to 10.65.0.20`);
    expect(opening).toContain('--egress');
  });

  it('that the rules of now let pass says so', () => {
    const finding = explainDrop(CLOUD, dropped('ingress-policy', tcp('10.65.0.20', '10.65.0.10', 443)));
    expect(finding).toEqual({ peers: [db.id], check: 'by what is wanted now such a packet passes here', opening: null });
  });

  it('S17: with a forged address, or an own address and a forged MAC, is told apart', () => {
    const forged = explainDrop(CLOUD, dropped('source', tcp('10.65.0.99', '10.65.0.20')));
    expect(forged.check).toContain('may not send from 10.65.0.99');
    expect(forged.opening).toBe(`openstack port set --allowed-address ip-address=10.65.0.99 ${web.id}`);
    const mac = asMac('fa:16:3e:00:00:99');
    const masked = explainDrop(CLOUD, dropped('source', tcp('10.65.0.10', '10.65.0.20'), { mac }));
    expect(masked.check).toContain(`not with the MAC ${mac}`);
    expect(masked.opening).toBe(`openstack port set --allowed-address ip-address=10.65.0.10,mac-address=${mac} ${web.id}`);
  });

  it('S17: of ARP names the address that was spoken for', () => {
    const packet: SeenPacket = { kind: 'arp', operation: 2, senderMac: web.mac, sender: asIp('10.65.0.1'), target: asIp('10.65.0.20') };
    expect(explainDrop(CLOUD, dropped('arp', packet)).check).toContain('may not speak for 10.65.0.1');
  });

  it('S19: of a port that is down says how it comes up again', () => {
    const finding = explainDrop(CLOUD, dropped('port-down', tcp('10.65.0.30', '10.65.0.20'), { endpoint: down.id }));
    expect(finding.opening).toBe(`openstack port set --enable ${down.id}`);
  });

  it('S3: to the link names the destination', () => {
    expect(explainDrop(CLOUD, dropped('link-scope', tcp('10.65.0.10', '224.0.0.251'))).check).toContain('224.0.0.251');
  });

  it("of nobody's tap, of a later fragment, or of a reason that says it all, has nothing more to tell", () => {
    const nothing = { check: null, opening: null };
    expect(explainDrop(CLOUD, dropped('unknown-tap', tcp('10.65.0.10', '10.65.0.20'), { endpoint: null }))).toMatchObject(nothing);
    expect(explainDrop(CLOUD, dropped('ingress-policy', tcp('10.65.0.20', '10.65.0.10', null)))).toMatchObject(nothing);
    expect(explainDrop(CLOUD, dropped('ingress-not-syn', tcp('10.65.0.20', '10.65.0.10')))).toMatchObject(nothing);
    expect(explainDrop(CLOUD, dropped('ethertype', { kind: 'other', etherType: 0x88cc }))).toMatchObject(nothing);
  });

  it('tells nothing of an end that the asker may not see, and of a port that is not his', () => {
    const mine = cloudOf(STATES, { isVisible: (id) => id === web.id });
    expect(explainDrop(mine, dropped('ingress-policy', tcp('10.65.0.20', '10.65.0.10')))).toMatchObject({
      peers: [],
      check: expect.stringContaining('lets in TCP port 22 from 10.65.0.20') as string,
    });
    const foreign = explainDrop(mine, dropped('ingress-policy', tcp('10.65.0.10', '10.65.0.20'), { endpoint: db.id }));
    expect(JSON.stringify(foreign)).not.toContain('(web)');
  });
});

describe('a packet in a line', () => {
  it.each([
    [tcp('10.65.0.9', '10.65.0.2'), 'TCP 10.65.0.9 port 40000 -> 10.65.0.2 port 22 (SYN)'],
    [{ ...tcp('10.65.0.9', '10.65.0.2'), tcpFlags: 0 }, 'TCP 10.65.0.9 port 40000 -> 10.65.0.2 port 22 (no flags)'],
    [{ ...tcp('::9', '::2', null), protocol: 58, tcpFlags: null, icmp: { type: 128, code: 0 } }, 'ICMPv6 type 128 code 0 ::9 -> ::2'],
    [{ kind: 'other', etherType: 0x8cc }, 'a frame of EtherType 0x08cc'],
    [
      { kind: 'arp', operation: 1, senderMac: web.mac, sender: asIp('10.65.0.9'), target: asIp('10.65.0.2') },
      `ARP: 10.65.0.9 at ${web.mac} asks for 10.65.0.2`,
    ],
  ] as readonly (readonly [SeenPacket, string])[])('%j', (packet, text) => {
    expect(packetText(packet)).toBe(text);
  });
});
