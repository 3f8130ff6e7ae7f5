import { execIn } from '../namespace-exec.js';
import { type ProbeResult, probeTcp } from '../wire/tcp-probe.js';
import { probeUdp } from '../wire/udp-probe.js';

/** The port on which every instance of the check (and the outside) answers TCP and UDP. */
export const echoPort = 7007;

/** How long an answer that is promised may take before it is called missing. */
export const patienceMs = 3_000;

/** How long silence that is promised is listened to; an answer takes a few milliseconds here. */
export const silenceMs = 500;

/** Where to, how long to wait, and how much to say over UDP; an echo responder, patience and a few bytes unless told. */
export type Try = { readonly port?: number; readonly waitMs?: number; readonly bytes?: number };

/** One echo request and its reply's TTL, or null when none came. */
export const ping = async (namespace: string, address: string, waitMs = patienceMs): Promise<number | null> => {
  const { stdout } = await execIn(namespace, ['ping', '-n', '-c', '1', '-W', String(waitMs / 1_000), address]);
  const ttl = /ttl=(\d+)/.exec(stdout)?.[1];
  return ttl === undefined ? null : Number(ttl);
};

/** TCP to an echo responder. */
export const tcpTo = async (namespace: string, address: string, { port = echoPort, waitMs = patienceMs }: Try = {}): Promise<ProbeResult> =>
  await probeTcp(namespace, { address, port }, waitMs);

/** UDP to an echo responder. */
export const udpTo = async (
  namespace: string,
  address: string,
  { port = echoPort, waitMs = patienceMs, bytes = 0 }: Try = {},
): Promise<ProbeResult> => await probeUdp(namespace, { address, port, bytes }, waitMs);

/** A probe's outcome in words. */
export const inWords = (result: ProbeResult): string => (result.kind === 'answered' ? `answered, source ${result.source}` : result.kind);
