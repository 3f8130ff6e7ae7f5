import type { NeutronClient } from '../neutron-client.js';

/** What the API answers to a flow that is to be tried, as far as the rows look at it. */
export type Traced = {
  readonly verdict: 'agree' | 'disagree' | 'unknown';
  readonly explanation: { readonly answer: string };
  readonly findings: readonly {
    readonly host: string;
    readonly direction: 'forward' | 'reply';
    readonly seen: string;
    readonly packet: number | null;
  }[];
  readonly hosts: readonly {
    readonly host: string;
    readonly account: { readonly packets: readonly { readonly hops: readonly { readonly counters: readonly TracedCounter[] }[] }[] } | null;
  }[];
};

type TracedCounter = { readonly name: string; readonly before: number; readonly after: number };

/** Has a packet sent between two instances or addresses, and gives what came of it: one for each IP version that is asked about. */
export const traceOf = async (client: NeutronClient, question: object): Promise<readonly Traced[]> =>
  ((await client.create('connectivity/trace', 'connectivity', question)) as unknown as { readonly traces: readonly Traced[] }).traces;

/** The verdict, and what each host did, in words. */
export const tracedText = ({ verdict, explanation, findings }: Traced): string => {
  const did = findings.map(({ host, direction, seen }) => `${direction === 'reply' ? 'back: ' : ''}${host} ${seen}`);
  return `${explanation.answer}, ${verdict}: ${did.join('; ')}`;
};

/** What counted the packet where it ended, of what its last host has met. */
export const countedAtLast = ({ findings, hosts }: Traced): TracedCounter | null => {
  const last = findings.findLast(({ direction }) => direction === 'forward');
  const account = hosts.find(({ host }) => host === last?.host)?.account;
  return account?.packets[last?.packet ?? -1]?.hops.flatMap(({ counters }) => counters).at(-1) ?? null;
};

/** Whether hosts agreed on the way there, and on the way back. */
export const agreesBothWays = ({ verdict, findings }: Traced): boolean =>
  verdict === 'agree' && (['forward', 'reply'] as const).every((wanted) => findings.some(({ direction }) => direction === wanted));
