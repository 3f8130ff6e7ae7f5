import { afterAll, describe, expect, it } from 'vitest';
import { makeTestNetns, type TestNetns } from '../testing/test-netns.js';
import { openLibnftables } from './libnftables.js';
import { openNftProgram } from './nft-program.js';
import { type Nftables, NftFault } from './nftables.js';
import { isOwnGeneration, type NftGeneration, watchNftables } from './watch-nftables.js';

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

    it('what was applied is listed', async () => {
      await nftables.apply(TABLE);
      const objects = (await nftables.listTable(KEY)) ?? [];
      expect(objects.map((object) => Object.keys(object)[0])).toEqual(['table', 'set', 'chain', 'rule']);
      expect(objects[1]?.['set']?.['elem']).toEqual(['10.0.0.1', '10.0.0.2']);
      expect(await nftables.listTables()).toEqual([KEY]);
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

it('a transaction is one event, however large, that tells ours from a stranger', async () => {
  const netns = makeTestNetns('kn-nft-watch');
  const seen: NftGeneration[] = [];
  const nftables = netns.inside(openLibnftables);
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
    expect(seen.map(isOwnGeneration)).toEqual([true, false]);
    expect(seen[1]?.program).toBe('nft');
  } finally {
    watch.close();
    await nftables.close();
    netns.remove();
  }
});
