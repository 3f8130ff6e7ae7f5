import { afterAll, describe, expect, it } from 'vitest';
import { faultOfErrno } from './errno.js';
import { type FeatureTries, kernelTries, missingFeatures } from './missing-features.js';
import { NftFault } from './nftables/nftables.js';
import { makeTestNetns } from './testing/test-netns.js';
import { openTestPorts } from './testing/test-ports.js';

const netns = makeTestNetns('kn-features');
const ports = openTestPorts(netns);
afterAll(async () => {
  await ports.nftables.close();
  ports.rtnetlink.close();
  ports.conntrack.close();
  netns.remove();
});

const here = kernelTries(ports.nftables);
const missing = async (less: Partial<FeatureTries>): Promise<readonly string[]> =>
  (await missingFeatures({ ...here, canLoad: () => false, ...less })).map(({ feature }) => feature);
const unknown = faultOfErrno('put', 'probe', { errno: 2 });

describe('features that only some ports need', () => {
  it('are all here, and looking for them changes nothing', async () => {
    const links = netns.exec('ip', 'link');
    expect(await missing({})).toEqual([]);
    expect(netns.exec('ip', 'link')).toBe(links);
    expect(netns.exec('tc', 'qdisc')).not.toContain('tbf');
    expect(netns.exec('nft', 'list', 'tables')).toBe('');
  });

  it.each([
    ['nft_connlimit', 'ct count'],
    ['nft_limit', 'limit rate'],
    ['nft_nat', 'dnat'],
  ])('%s is missed where nftables refuses `%s`', async (feature, word) => {
    expect(
      await missing({ check: async (text) => (text.includes(word) ? new NftFault('check', 'No such file') : here.check(text)) }),
    ).toEqual([feature]);
  });

  it.each([
    ['sch_tbf', 'put-bucket'],
    ['sch_ingress', 'put-ingress'],
    ['cls_u32 and act_mirred', 'put-redirect'],
    ['ifb', 'put-link'],
  ])('%s is missed where the kernel refuses what it is for', async (feature, kind) => {
    expect(await missing({ attempt: (changes) => changes.map((change) => (change.kind === kind ? unknown : null)) })).toEqual([feature]);
  });

  it('a module that the kernel can load is not loaded to see, where that would make interfaces', async () => {
    const tried: string[] = [];
    const attempt: FeatureTries['attempt'] = (changes) => changes.map(({ kind }) => (tried.push(kind), null));
    expect(await missing({ attempt, canLoad: (module) => module === 'ifb' })).toEqual([]);
    expect(tried).not.toContain('put-link');
  });

  it('of what may not be looked at nothing is said', async () => {
    const attempt = (): never => {
      throw faultOfErrno('make', 'network namespace', { errno: 1 });
    };
    expect(await missing({ attempt })).toEqual([]);
  });
});
