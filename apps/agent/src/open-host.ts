import { asIp } from '@manx/ip';
import {
  type BirdPort,
  Fault,
  formatLacks,
  type HostPorts,
  kernelTries,
  missingFeatures,
  type OwnGenerations,
  openBird,
  openConntrack,
  openDnsmasq,
  openLibnftables,
  openRtnetlink,
  type ProgramListener,
  probe,
  surveyHost,
  trackOwnGenerations,
} from '@manx/kernel';
import type { HostSurvey, MissingFeature } from '@manx/reconcile';
import {
  birdCheckCommand,
  birdCommand,
  birdRecoverCommand,
  dnsmasqChange,
  dnsmasqCheckCommand,
  dnsmasqCommand,
  dnsmasqReadyLine,
  refusedTap,
} from '@manx/render';
import type { AgentLog } from './agent-log.js';
import type { AgentSettings } from './agent-settings.js';
import { birdPlace, birdSettings, dnsmasqSettings } from './render-settings.js';

/** The host as this agent reaches it. */
export type Host = {
  readonly ports: HostPorts;
  readonly bird: BirdPort;
  /** Which nftables transactions were made through `ports`. */
  readonly isOwnGeneration: OwnGenerations['isOwn'];
  /** Looks at what is not the agent's to set. What the kernel lacks it looks for the first time alone. */
  readonly survey: () => Promise<HostSurvey>;
  readonly close: () => Promise<void>;
};

/** Throws Fault `missing` with one paragraph of all that this host lacks; a clean-up does without the programs that it ends. */
export const demandHost = async (purpose: 'run' | 'clean-up'): Promise<void> => {
  const lacks = (await probe()).filter(({ code }) => purpose === 'run' || code !== 'program');
  if (lacks.length === 0) return;
  const code = lacks.some((lack) => lack.code === 'no-root') ? 'not-permitted' : 'missing';
  throw new Fault({ code, op: 'use', subject: 'this host', detail: formatLacks(lacks) });
};

/** Opens all ports to the host that the process is on. Closing them leaves everything running. */
export const openHost = (settings: AgentSettings, log: AgentLog): Host => {
  const listen = (program: string): ProgramListener => ({
    onUp: (pid, how) => {
      log.info({ program, pid }, `program ${how}`);
    },
    onDown: (fault) => {
      log.error({ program, problem: fault.detail }, 'program ended; it is started again');
    },
  });
  const runDir = settings.run_dir;
  // Without BGP there is still the BIRD to end that an earlier configuration had; its commands depend on its place alone.
  const bgp = birdSettings(settings) ?? { ...birdPlace(runDir), asn: 1, routerId: asIp('192.0.2.1'), peers: [] };
  const bird = openBird(
    {
      runDir,
      controlSocket: bgp.controlSocket,
      group: bgp.group,
      command: birdCommand(bgp),
      recoverCommand: birdRecoverCommand(bgp),
      checkCommand: birdCheckCommand,
    },
    listen('bird'),
  );
  const dnsmasq = openDnsmasq(
    {
      runDir,
      command: dnsmasqCommand(dnsmasqSettings(settings)),
      checkCommand: dnsmasqCheckCommand,
      readyText: dnsmasqReadyLine(dnsmasqSettings(settings)),
      changeOf: (before, after) => dnsmasqChange(before === null ? null : { files: before }, { files: after }),
      refusedTap: (line, files) => refusedTap(line, files.get('hosts') ?? ''),
    },
    listen('dnsmasq'),
  );
  const own = trackOwnGenerations(openLibnftables());
  const ports: HostPorts = {
    rtnetlink: openRtnetlink(),
    nftables: own.port,
    conntrack: openConntrack(),
    programs: { bird, dnsmasq },
  };
  let missing: readonly MissingFeature[] | null = null;
  return {
    ports,
    bird,
    survey: async () => {
      missing ??= await missingFeatures(kernelTries(ports.nftables));
      return await surveyHost(ports, missing);
    },
    isOwnGeneration: own.isOwn,
    close: async () => {
      bird.release();
      dnsmasq.release();
      ports.rtnetlink.close();
      ports.conntrack.close();
      await ports.nftables.close();
    },
  };
};
