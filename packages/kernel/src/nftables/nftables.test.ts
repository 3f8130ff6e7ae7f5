import { diffTables, observedOf } from '@manx/reconcile';
import type { NftTable } from '@manx/render';
import { afterAll, describe, expect, it } from 'vitest';
import { makeTestNetns, type TestNetns } from '../testing/test-netns.js';
import { openLibnftables } from './libnftables.js';
import { openNftProgram } from './nft-program.js';
import { isOutOfRoom, type Nftables, NftFault, parseNftListing } from './nftables.js';
import { trackOwnGenerations } from './own-generations.js';
import { type NftGeneration, watchNftables } from './watch-nftables.js';

const TABLE = `table inet manx {
  set s { type ipv4_addr; elements = { 10.0.0.1, 10.0.0.2 }
  }
  chain forward { type filter hook forward priority 0; policy accept; ip saddr @s drop
  }
}`;
const KEY = { family: 'inet', name: 'manx' };

/** What every implementation of the port does. */
const conformance = (title: string, netns: TestNetns, open: () => Nftables): void => {
  describe(title, () => {
    const nftables = open();
    afterAll(async () => {
      await nftables.close();
      netns.remove();
    });

    it('an absent table is null, an empty host has no tables, and empty text changes nothing', async () => {
      expect(await nftables.listTable(KEY)).toBeNull();
      expect(await nftables.listTables()).toEqual([]);
      await nftables.apply('');
      expect(await nftables.check('\n')).toBeNull();
    });

    it('a check changes nothing', async () => {
      expect(await nftables.check(TABLE)).toBeNull();
      expect(await nftables.listTables()).toEqual([]);
    });

    it('a refusal for want of room says what can be done, and can be told from others', async () => {
      await nftables.apply('table inet small { set s { type ipv4_addr; size 1; elements = { 192.0.2.1 }\n }\n}');
      const refusal = await nftables.check('add element inet small s { 192.0.2.2 }');
      expect(refusal?.detail).toMatch(/line 1: .*Too many open files in system; no room: a set has reached the size/);
      expect(isOutOfRoom(refusal?.detail ?? '')).toBe(true);
      expect(isOutOfRoom((await nftables.check('add element inet small none { 192.0.2.2 }'))?.detail ?? 'none')).toBe(false);
      await nftables.apply('delete table inet small');
    });

    it('what was applied is listed', async () => {
      await nftables.apply(TABLE);
      const objects = (await nftables.listTable(KEY)) ?? [];
      expect(objects.map((object) => Object.keys(object)[0])).toEqual(['table', 'set', 'chain', 'rule']);
      expect(objects[1]?.['set']?.['elem']).toEqual(['10.0.0.1', '10.0.0.2']);
      expect(await nftables.listTables()).toEqual([KEY]);
    });

    it('counters and single sets are listed without the rest; what is not there is null, or no counter', async () => {
      await nftables.apply('add counter inet manx c { packets 3 bytes 99 }');
      expect((await nftables.listCounters(KEY))[0]?.['counter']).toMatchObject({ name: 'c', packets: 3, bytes: 99 });
      expect((await nftables.listSet(KEY, 's'))?.['set']?.['elem']).toEqual(['10.0.0.1', '10.0.0.2']);
      expect([await nftables.listSet(KEY, 'none'), await nftables.listSet({ ...KEY, family: 'arp' }, 's')]).toEqual([null, null]);
      expect(await nftables.listCounters({ ...KEY, family: 'arp' })).toEqual([]);
      await nftables.apply('delete counter inet manx c');
    });

    it('a set that packets fill, and a counter, are listed as they are now, though no transaction was made since the last time', async () => {
      await nftables.apply(
        'table inet counting { set filled { type ifname; size 9; flags dynamic, timeout; timeout 1d; }\n counter every { }\n chain c { type filter hook output priority 0; counter name "every" update @filled { oifname counter }\n }\n}',
      );
      const key = { family: 'inet', name: 'counting' };
      const look = async (): Promise<unknown> => [
        (await nftables.listCounters(key))[0]?.['counter']?.['packets'],
        (
          (await nftables.listSet(key, 'filled'))?.['set']?.['elem'] as readonly { elem: { counter: { packets: number } } }[] | undefined
        )?.map(({ elem }) => elem.counter.packets),
      ];
      const seen: unknown[] = [await look()];
      for (let i = 0; i < 2; i++) {
        netns.exec('ping', '-c1', '-W1', '127.0.0.1');
        seen.push(await look());
      }
      expect(seen).toEqual([
        [0, undefined],
        [2, [2]],
        [4, [4]],
      ]);
      await nftables.apply('delete table inet counting');
    });

    it.each([
      ['by the kernel', 'add element inet manx s { 10.0.0.3 }\ndelete element inet manx s { 10.9.9.9 }', 2],
      ['for its syntax', 'add element inet manx s { 10.0.0.3 }\nadd chain inet manx x\nadd rule inet manx x icmp type 8 code 0 accept', 3],
    ])('a transaction refused %s names the line, and nothing of it was done', async (_by, text, line) => {
      const fault: unknown = await nftables.apply(text).catch((error: unknown) => error);
      expect(fault).toBeInstanceOf(NftFault);
      expect((fault as NftFault).code).toBe('refused');
      expect((fault as NftFault).refusals[0]?.line).toBe(line);
      expect((await nftables.check(text))?.refusals[0]?.line).toBe(line);
      expect(netns.exec('nft', 'list', 'set', 'inet', 'manx', 's')).not.toContain('10.0.0.3');
    });

    it('calls made at once are worked off in order', async () => {
      await Promise.all([
        nftables.apply('add element inet manx s { 10.0.0.7 }'),
        nftables.apply('delete element inet manx s { 10.0.0.7 }'),
      ]);
      expect(netns.exec('nft', 'list', 'set', 'inet', 'manx', 's')).not.toContain('10.0.0.7');
    });

    it('large transactions are applied as well', async () => {
      const elements = Array.from({ length: 5000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
      await nftables.apply(`add element inet manx s { ${elements.join(', ')} }`);
      const objects = (await nftables.listTable(KEY)) ?? [];
      expect(objects[1]?.['set']?.['elem']).toHaveLength(5002);
    });
  });
};

const library = makeTestNetns('kn-nft-lib');
conformance('nftables by libnftables', library, () => library.inside(openLibnftables));
const program = makeTestNetns('kn-nft-prog');
conformance('nftables by the nft program', program, () => openNftProgram(['ip', 'netns', 'exec', program.name, 'nft']));

it.each(['', '\n', '{"nftables": [{"metainfo": {}}'])(
  'S20: a listing that is cut short is a fault, which is tried again, and no end of the agent: %j',
  (json) => {
    expect(() => parseNftListing(json)).toThrow(NftFault);
  },
);

it('a transaction is one event, however large, that tells ours from a stranger', async () => {
  const netns = makeTestNetns('kn-nft-watch');
  const seen: NftGeneration[] = [];
  const { port: nftables, isOwn } = netns.inside(() => trackOwnGenerations(openLibnftables()));
  let onSeen = (): void => undefined;
  const watch = netns.inside(() =>
    watchNftables({
      onLost: () => undefined,
      onGeneration: (generation) => {
        seen.push(generation);
        onSeen();
      },
    }),
  );
  const isSeen = (count: number): Promise<void> =>
    new Promise((resolve) => {
      onSeen = () => {
        if (seen.length >= count) resolve();
      };
      onSeen();
    });
  try {
    const elements = Array.from({ length: 3000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
    await nftables.apply(`table inet manx { set s { type ipv4_addr; elements = { ${elements.join(', ')} }\n}\n}`);
    await isSeen(1);
    netns.exec('nft', 'flush', 'ruleset');
    await isSeen(2);
    expect(await Promise.all(seen.map(({ generation }) => isOwn(generation)))).toEqual([true, false]);
    expect(seen[1]?.program).toBe('nft');
  } finally {
    watch.close();
    await nftables.close();
    netns.remove();
  }
});

describe('S20: a table that is held', () => {
  const netns = makeTestNetns('kn-nft-hold');
  const rules = (): string => netns.exec('nft', 'list', 'table', 'inet', 'manx');
  const refused = (...command: readonly [string, ...string[]]): boolean => {
    try {
      netns.exec(...command);
      return false;
    } catch {
      return true;
    }
  };
  afterAll(() => netns.remove());

  it('is passed by when a stranger flushes the ruleset, and cannot be changed; its holder changes it', async () => {
    const nftables = netns.inside(openLibnftables);
    expect([await nftables.hold(KEY), await nftables.hold(KEY)]).toEqual(['taken', 'kept']);
    expect(await nftables.listTables()).toEqual([KEY]);
    await nftables.apply('add chain inet manx forward { type filter hook forward priority 0; policy accept; }');
    await nftables.apply('add rule inet manx forward ip saddr 192.0.2.1 drop comment "a"');
    netns.exec('nft', 'add table ip theirs; flush ruleset');
    expect(rules()).toContain('192.0.2.1 drop');
    expect(netns.exec('nft', 'list', 'tables')).toBe('table inet manx\n');
    for (const text of ['delete table inet manx', 'flush table inet manx', 'add rule inet manx forward accept'])
      expect([text, refused('nft', text)]).toEqual([text, true]);
    await nftables.close();
  });

  it('outlives its holder, and is the next one’s to take over, after which it is replaced in one transaction', async () => {
    expect(rules()).toContain('192.0.2.1 drop');
    const next = netns.inside(openLibnftables);
    expect(await next.isOrphan(KEY)).toBe(true);
    expect(await next.isOrphan({ family: 'ip', name: 'manx' })).toBe(false);
    expect(await next.hold(KEY)).toBe('taken');
    expect(await next.isOrphan(KEY)).toBe(false);
    expect((await next.listTable(KEY))?.[0]?.['table']).toMatchObject({ name: 'manx', flags: ['owner', 'unknown'] });
    expect(refused('nft', 'delete table inet manx')).toBe(true);
    expect(await next.check('flush chain inet manx forward\nadd rule inet manx forward ip saddr 192.0.2.2 drop')).toBeNull();
    await next.apply('flush chain inet manx forward\nadd rule inet manx forward ip saddr 192.0.2.2 drop');
    expect(rules()).toContain('192.0.2.2 drop');
    await next.apply('delete table inet manx');
    await next.close();
  });

  it('is its holder’s still when all in it is written anew because sets and hooks have another shape', async () => {
    const wanted = (type: string, priority: number): NftTable => ({
      ...KEY,
      family: 'inet',
      sets: new Map([['s', { type, flags: [], elements: new Set<string>() }]]),
      maps: new Map(),
      meters: new Map(),
      counters: new Set(['c']),
      chains: new Map([
        [
          'forward',
          {
            hook: { type: 'filter', hook: 'forward', priority, policy: 'accept' },
            rules: [`${type === 'ipv4_addr' ? 'ip' : 'ip6'} saddr @s counter name "c" drop`],
          },
        ],
      ]),
    });
    const nftables = netns.inside(openLibnftables);
    expect(await nftables.hold(KEY)).toBe('taken');
    const [before, after] = [wanted('ipv4_addr', 0), wanted('ipv6_addr', 5)];
    const empty: NftTable = { ...before, sets: new Map(), counters: new Set(), chains: new Map() };
    await nftables.apply(diffTables([observedOf(empty)], [before]));
    await nftables.apply(diffTables([observedOf(before)], [after]));
    expect(rules()).toContain('ip6 saddr @s');
    expect(await nftables.hold(KEY)).toBe('kept');
    netns.exec('nft', 'flush', 'ruleset');
    expect(refused('nft', 'delete table inet manx')).toBe(true);
    expect(rules()).toContain('ip6 saddr @s');
    await nftables.apply('delete table inet manx');
    await nftables.close();
  });

  it('that was made without it stays anybody’s, and nothing of it is changed', async () => {
    netns.exec('nft', 'add table inet manx; add chain inet manx c');
    const before = rules();
    const nftables = netns.inside(openLibnftables);
    expect(await nftables.hold(KEY)).toBe('refused');
    expect(rules()).toBe(before);
    await nftables.close();
  });
});

describe('a refusal for want of room', () => {
  it.each([
    ['Cannot allocate memory', 'MemoryMax'],
    ['No space left on device', 'Move instances'],
    ['No buffer space available', 'wmem_max'],
  ])('is told by the kernel’s words `%s`', (words, advice) => {
    const { detail } = new NftFault('apply', `/dev/stdin:3:1-9: Error: Could not process rule: ${words}`);
    expect(isOutOfRoom(detail)).toBe(true);
    expect(detail).toContain(advice);
  });
});
