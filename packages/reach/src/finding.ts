import type { HostName, Payload } from '@manx/hoststate';
import type { Ip } from '@manx/ip';
import type { Cloud, Place } from './cloud.js';
import type { Blocker, Step } from './explanation.js';

/** A step, and what blocks it if anything does. */
export type Finding = { readonly step: Step; readonly blockers: readonly Blocker[] };

/** What the steps of one passage have in common. */
export type Leg = {
  readonly cloud: Cloud;
  readonly direction: Blocker['direction'];
  /** What its packets carry. */
  readonly payload: Payload;
  /** Whether the destination port is only assumed. */
  readonly isPortAssumed: boolean;
};

/** The name of a host, where the asker is shown such. */
export function hostShown(cloud: Cloud, host: HostName): HostName | null {
  return cloud.showsHosts ? host : null;
}

/** What a host is called in a sentence. */
export function hostWord(cloud: Cloud, host: HostName): string {
  return cloud.showsHosts ? host : 'its host';
}

/** A step that says what happens, and lets pass. */
export function stepOf(kind: Step['kind'], text: string, more: Partial<Step> = {}): Finding {
  const step = { kind, host: null, passes: true, text, endpoint: null, policy: null, rule: null, translation: null, ...more };
  return { step, blockers: [] };
}

/** The same step, stopped by this. */
export function blocked(finding: Finding, blocker: Omit<Blocker, 'host' | 'text'> & { readonly text?: string }): Finding {
  const { step } = finding;
  const { code, direction, side, endpoint, policies, opening } = blocker;
  const text = blocker.text ?? step.text;
  return { step: { ...step, passes: false }, blockers: [{ code, direction, side, host: step.host, endpoint, policies, text, opening }] };
}

/** A translation of one address, and port where it changes. */
export function translationStep(
  cloud: Cloud,
  place: Place,
  { what, from, ip, port }: { readonly what: 'destination' | 'source'; readonly from: Ip; readonly ip: Ip; readonly port: number | null },
): Finding {
  const { host, endpoint } = place;
  const to = port === null ? ip : `${ip} port ${port}`;
  const text = `${hostWord(cloud, host)} makes the ${what} ${from} into ${to}`;
  return stepOf('translation', text, { host: hostShown(cloud, host), endpoint: endpoint.id, translation: { what, ip, port } });
}
