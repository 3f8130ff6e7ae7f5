import { release } from 'node:os';
import type { MissingFeature } from '@manx/reconcile';
import { Fault } from './fault.js';
import { readText } from './files/read-text.js';
import { inNetnsOfItsOwn } from './netlink/libc.js';
import type { Nftables } from './nftables/nftables.js';
import type { RtChange } from './rtnetlink/change.js';
import { openRtnetlink } from './rtnetlink/open-rtnetlink.js';
import type { Rtnetlink } from './rtnetlink/rtnetlink.js';

/** The loopback interface of a new namespace. */
const LO = 1;
const IFB = 'manx-probe';

/** What an agent does without where nobody asks for it, one try each; checked, never applied. */
const OF_NFTABLES: readonly (MissingFeature & { readonly text: string })[] = [
  {
    feature: 'nft_connlimit',
    lost: 'with max_connections in agent.yaml no rules can be written',
    text: 'table inet manx-probe { set s { typeof iifname . ct id; size 9; flags dynamic; }\n chain c { add @s { iifname . ct id & 1 ct count 9 } return\n }\n}',
  },
  {
    feature: 'nft_limit',
    lost: 'a port with a limit of packets, or a floating IP with one of bandwidth, does not come up here',
    text: 'table inet manx-probe { chain c { limit rate over 9/second burst 9 packets drop\n }\n}',
  },
  {
    feature: 'nft_nat',
    lost: 'floating IPs, port forwardings and source NAT do not work here',
    text: 'table inet manx-probe { chain c { type nat hook prerouting priority dstnat; dnat ip to 192.0.2.1\n }\n}',
  },
];

const BANDWIDTH = 'a port with a limit of bandwidth does not come up here';
const SENDING = 'a port with a limit of bandwidth on what it sends does not come up here';

/** The same of traffic control, in an order in which each needs those before it alone. Tried at the loopback interface of a namespace of its own. */
const OF_TRAFFIC: readonly (MissingFeature & { readonly changes: readonly RtChange[] })[] = [
  {
    feature: 'sch_tbf',
    lost: BANDWIDTH,
    changes: [{ kind: 'put-bucket', ifindex: LO, bucket: { rate: 8000, burst: 16_384, queue: 30_280 } }],
  },
  { feature: 'sch_ingress', lost: SENDING, changes: [{ kind: 'put-ingress', ifindex: LO }] },
  {
    feature: 'cls_u32 and act_mirred',
    lost: SENDING,
    changes: [
      { kind: 'put-ingress', ifindex: LO },
      { kind: 'put-redirect', ifindex: LO, to: LO },
    ],
  },
  { feature: 'ifb', lost: SENDING, changes: [{ kind: 'put-link', ifname: IFB, type: 'ifb' }] },
];

/** What is tried with. */
export type FeatureTries = Pick<Nftables, 'check'> & {
  /** What the changes come to, one after the other, where nobody is disturbed. */
  readonly attempt: (changes: readonly RtChange[]) => ReturnType<Rtnetlink['apply']>;
  /** Whether the kernel would load a module when it is needed, without doing so. */
  readonly canLoad: (module: string) => boolean;
};

/**
 * Which features the running kernel lacks that some ports may need and an agent can run without. Changes nothing, but that the kernel may load modules
 * that it has. Without the right to make a network namespace traffic control is not looked at.
 */
export const missingFeatures = async (tries: FeatureTries): Promise<readonly MissingFeature[]> => {
  const missing: MissingFeature[] = [];
  for (const { text, ...feature } of OF_NFTABLES) if ((await tries.check(text)) !== null) missing.push(feature);
  for (const { changes, ...feature } of OF_TRAFFIC) {
    // Where it is a module, to load it makes two interfaces that nobody asked for.
    if (feature.feature === 'ifb' && tries.canLoad('ifb')) continue;
    if (!isRefused(tries.attempt, changes)) continue;
    missing.push(feature);
    // What is refused for want of its place would be named too.
    if (feature.feature === 'sch_ingress') break;
  }
  return missing;
};

const isRefused = (attempt: FeatureTries['attempt'], changes: readonly RtChange[]): boolean => {
  try {
    return attempt(changes).some((outcome) => outcome !== null);
  } catch (fault) {
    if (!(fault instanceof Fault) || fault.code !== 'not-permitted') throw fault;
    return false;
  }
};

/** The tries on the running kernel. */
export const kernelTries = (nftables: Pick<Nftables, 'check'>): FeatureTries => ({
  check: (text) => nftables.check(text),
  attempt: (changes) =>
    inNetnsOfItsOwn(() => {
      const rtnetlink = openRtnetlink();
      try {
        return rtnetlink.apply(changes);
      } finally {
        rtnetlink.close();
      }
    }),
  canLoad: (module) =>
    ['modules.dep', 'modules.builtin'].some((list) => readText(`/lib/modules/${release()}/${list}`).includes(`/${module}.ko`)),
});
