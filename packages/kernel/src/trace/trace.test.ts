import type { TraceFlow } from '@manx/hoststate';
import { asIp, asMac } from '@manx/ip';
import { traceTables, withoutTrace } from '@manx/render';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLibnftables } from '../nftables/libnftables.js';
import type { Nftables } from '../nftables/nftables.js';
import { openRtnetlink } from '../rtnetlink/open-rtnetlink.js';
import type { Rtnetlink } from '../rtnetlink/rtnetlink.js';
import { makeTestNetns } from '../testing/test-netns.js';
import { decodeTrace, type TraceEvent } from './decode-trace.js';
import { gatherPackets, visitedChains } from './gather-packets.js';
import { injectAtTap } from './inject-at-tap.js';
import { readChains } from './read-chains.js';
import { traceFrame } from './trace-frame.js';
import { watchTraces } from './watch-traces.js';

const FLOW: TraceFlow = { protocol: 17, sources: [asIp('10.65.0.2')], destinations: [asIp('10.65.9.2')], ports: [53], mark: 50_000 };
const GUEST = asMac('fa:16:3e:00:00:01');
const HOST = asMac('fe:16:3e:00:00:01');

describe('a packet that is let in at a tap', () => {
  const netns = makeTestNetns('trace');
  const events: TraceEvent[] = [];
  let onHeard = (): void => undefined;
  let [nft, rtnetlink] = [null, null] as unknown as readonly [Nftables, Rtnetlink];
  let watch: ReturnType<typeof watchTraces>;

  beforeAll(() => {
    for (const [tap, peer] of [
      ['tap0', 'guest0'],
      ['tap1', 'guest1'],
    ] as const) {
      netns.exec('ip', 'link', 'add', tap, 'type', 'veth', 'peer', 'name', peer);
      for (const name of [tap, peer]) netns.exec('ip', 'link', 'set', name, 'up');
    }
    netns.exec('ip', 'link', 'set', 'tap0', 'address', HOST);
    netns.exec('ip', 'address', 'add', '10.65.0.1/24', 'dev', 'tap0');
    netns.exec('ip', 'address', 'add', '10.65.9.1/24', 'dev', 'tap1');
    netns.exec('ip', 'neigh', 'add', '10.65.9.2', 'lladdr', GUEST, 'dev', 'tap1');
    netns.exec('sysctl', '-qw', 'net.ipv4.ip_forward=1');
    netns.exec(
      'nft',
      'table inet theirs { chain f { type filter hook forward priority 0; policy accept; udp dport 54 drop; udp dport 53 jump inner; }; chain inner { counter comment "a word"; }; }',
    );
    ({ nft, rtnetlink, watch } = netns.inside(() => ({
      nft: openLibnftables(),
      rtnetlink: openRtnetlink(),
      watch: watchTraces({
        onEvent: (event) => {
          events.push(event);
          onHeard();
        },
        onLost: () => undefined,
      }),
    })));
  });
  afterAll(async () => {
    watch.close();
    rtnetlink.close();
    await nft.close();
    netns.remove();
  });

  /** Sends to a port, and waits for the kernel's account until its last word. */
  const send = async (port: number, isLast: (event: TraceEvent) => boolean): Promise<readonly TraceEvent[]> => {
    events.splice(0);
    const frame = traceFrame(
      { protocol: 17, source: asIp('10.65.0.2'), destination: asIp('10.65.9.2'), mark: FLOW.mark, port },
      { from: GUEST, to: HOST },
    );
    const tap = rtnetlink.link('tap0');
    netns.inside(() => injectAtTap(rtnetlink, tap?.ifindex ?? 0, frame));
    while (!events.some(isLast)) {
      await new Promise<void>((resolve) => {
        onHeard = resolve;
      });
    }
    return events;
  };

  it('passes every chain as if its guest had sent it, and the kernel tells of each, and by which interface it left', async () => {
    await nft.apply(traceTables(FLOW, 'tap0' as never));
    const told = await send(53, ({ chain, kind }) => chain === 'left' && kind === 'policy');
    const [packet, ...more] = gatherPackets(told);
    expect(more).toEqual([]);
    const places = packet?.hops
      .filter(({ kind }) => kind === 'rule')
      .map(({ family, table, chain, verdict, target }) => [family, table, chain, verdict, target]);
    expect(places).toEqual([
      ['netdev', 'manx-trace', 'tap', 'continue', null],
      ['inet', 'manx-trace', 'came', 'continue', null],
      ['inet', 'theirs', 'f', 'jump', 'inner'],
      ['inet', 'theirs', 'inner', 'continue', null],
    ]);
    const left = packet?.hops.find(({ chain, packet: headers }) => chain === 'left' && headers !== null);
    expect(left).toMatchObject({ iif: rtnetlink.link('tap0')?.ifindex, oif: rtnetlink.link('tap1')?.ifindex });
    expect(left?.packet).toMatchObject({ kind: 'ip', source: '10.65.0.2', destination: '10.65.9.2', sport: 50_000, dport: 53, length: 44 });
    // What put it in is gone, and sent nothing of its own.
    expect(rtnetlink.link('manx-trace')).toBeNull();
  });

  it('is another flow’s, or the next one of the same flow: told of not at all, or apart', async () => {
    await send(53, ({ chain, kind }) => chain === 'left' && kind === 'policy');
    const first = [...events];
    const wrong = traceFrame(
      { protocol: 17, source: asIp('10.65.0.2'), destination: asIp('10.65.9.2'), mark: 50_001, port: 53 },
      { from: GUEST, to: HOST },
    );
    netns.inside(() => injectAtTap(rtnetlink, rtnetlink.link('tap0')?.ifindex ?? 0, wrong));
    const next = await send(53, ({ chain, kind }) => chain === 'left' && kind === 'policy');
    expect(gatherPackets([...first, ...next])).toHaveLength(2);
    expect(next.flatMap(({ packet }) => (packet?.kind === 'ip' ? [packet.sport] : [])).every((sport) => sport === 50_000)).toBe(true);
  });

  it('is not mixed with what somebody else traces on the host', async () => {
    netns.exec('nft', 'table inet others { chain p { type filter hook prerouting priority -400; udp dport 54 meta nftrace set 1; }; }');
    const wrong = traceFrame(
      { protocol: 17, source: asIp('10.65.0.2'), destination: asIp('10.65.9.2'), mark: 50_001, port: 54 },
      { from: GUEST, to: HOST },
    );
    events.splice(0);
    netns.inside(() => injectAtTap(rtnetlink, rtnetlink.link('tap0')?.ifindex ?? 0, wrong));
    while (!events.some(({ verdict }) => verdict === 'drop')) {
      await new Promise<void>((resolve) => {
        onHeard = resolve;
      });
    }
    netns.exec('nft', 'delete', 'table', 'inet', 'others');
    expect(gatherPackets(events)).toEqual([]);
  });

  it('the chains that it visited are read in nft’s words, each rule by its handle; one that is gone is left out', async () => {
    const told = await send(53, ({ chain, kind }) => chain === 'left' && kind === 'policy');
    const chains = visitedChains(gatherPackets(told));
    expect(chains.map(({ chain }) => chain)).toEqual(['f', 'inner']);
    // The program is run in the namespace that this process is in.
    const elsewhere = await readChains([...chains, { family: 'inet', table: 'x; flush ruleset', chain: 'y' }]);
    expect(elsewhere).toEqual([]);
  });

  it('leaves nothing: its tables go when they are taken away, and with the socket that made them', async () => {
    await nft.apply(withoutTrace('tap0' as never));
    await nft.apply(withoutTrace('tap0' as never));
    expect(netns.exec('nft', 'list', 'tables')).toBe('table inet theirs\n');
    const other = netns.inside(() => openLibnftables());
    await other.apply(traceTables(FLOW, null));
    expect(netns.exec('nft', 'list', 'tables')).toContain('manx-trace');
    await other.close();
    expect(netns.exec('nft', 'list', 'tables')).toBe('table inet theirs\n');
  });
});

it('packets of one flow that have the kernel’s number for a packet one after the other are two', () => {
  const event = (chain: string, kind: TraceEvent['kind'], table = 'manx-trace'): TraceEvent => ({
    id: 7,
    family: chain === 'tap' ? 'netdev' : 'inet',
    table,
    chain,
    kind,
    handle: kind === 'rule' ? 1 : null,
    verdict: 'continue',
    target: null,
    packet: null,
    iif: 0,
    oif: 0,
  });
  const atTap = [event('tap', 'rule'), event('tap', 'policy'), event('came', 'rule'), event('prerouting', 'rule', 'manx')];
  const fromFabric = [event('came', 'rule'), event('prerouting', 'rule', 'manx'), event('left', 'policy')];
  const all = [...atTap, ...fromFabric, ...fromFabric, event('sent', 'rule'), event('left', 'policy')];
  expect(gatherPackets(all).map(({ hops }) => hops.length)).toEqual([4, 3, 3, 2]);
});

it('any bytes of a message of the kernel are read without an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodeTrace(Buffer.from(bytes));
    }),
  );
});

it('attributes of any content are read without an exception, and what is read is of a known kind', () => {
  const attribute = fc.record({ type: fc.integer({ min: 1, max: 18 }), value: fc.uint8Array({ maxLength: 40 }) });
  fc.assert(
    fc.property(fc.array(attribute, { maxLength: 20 }), (attributes) => {
      const parts = attributes.map(({ type, value }) => {
        const bytes = Buffer.alloc((4 + value.length + 3) & ~3);
        bytes.writeUInt16LE(4 + value.length, 0);
        bytes.writeUInt16LE(type, 2);
        bytes.set(value, 4);
        return bytes;
      });
      const event = decodeTrace(Buffer.concat([Buffer.from([1, 0, 0, 0]), ...parts]));
      if (event !== null) expect(['rule', 'return', 'policy']).toContain(event.kind);
    }),
  );
});
