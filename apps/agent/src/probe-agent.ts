import { describeHost, kernelTries, missingFeatures, openLibnftables, openRtnetlink, surveyHost } from '@manx/kernel';
import { diagnose } from '@manx/reconcile';

/** What `./manx agent --probe` found: ready for JSON. `problems` are those that an agent would report at once. */
export type AgentProbe = {
  readonly kernel: string;
  readonly programs: Readonly<Record<string, string | null>>;
  readonly holdsTables: boolean;
  readonly lacks: readonly { readonly subject: string; readonly detail: string }[];
  readonly problems: readonly { readonly code: string; readonly subject: string; readonly detail: string }[];
};

/** Looks whether an agent can run on this host, and what of the host would stand in the way of instances. Changes nothing. */
export const probeAgent = async (): Promise<AgentProbe> => {
  const { programs, lacks, ...rest } = await describeHost();
  return { ...rest, programs: Object.fromEntries(programs), lacks, problems: lacks.length === 0 ? await problemsNow() : [] };
};

const problemsNow = async (): Promise<AgentProbe['problems']> => {
  const rtnetlink = openRtnetlink();
  const nftables = openLibnftables();
  try {
    const missing = await missingFeatures(kernelTries(nftables));
    return diagnose(await surveyHost({ rtnetlink, nftables }, missing), new Map());
  } finally {
    rtnetlink.close();
    await nftables.close();
  }
};

/** The same for a person. */
export const formatProbe = ({ kernel, programs, holdsTables, lacks, problems }: AgentProbe): string => {
  const versions = Object.entries(programs).map(([name, version]) => `${name} ${version ?? '-'}`);
  const held = holdsTables
    ? 'nobody else can change them'
    : 'this kernel (before 6.9) lets others change them; they are written again at once';
  const lines = [
    `kernel     ${kernel}`,
    `programs   ${versions.join(', ')}`,
    `our tables ${held}`,
    ...lacks.map(({ subject, detail }) => `LACKS      ${subject}: ${detail}`),
    ...problems.map(({ subject, detail }) => `PROBLEM    ${subject}: ${detail}`),
    lacks.length === 0 ? 'an agent can run here' : 'an agent cannot run here',
  ];
  return `${lines.join('\n')}\n`;
};
