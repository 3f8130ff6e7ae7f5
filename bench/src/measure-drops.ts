import { setTimeout as pause } from 'node:timers/promises';
import {
  asIp,
  asMac,
  ethernet,
  etherTypes,
  execOut,
  hostNamespace,
  hostSideMac,
  instanceNamespace,
  ip,
  openLinkOf,
  processControl,
  programPid,
  runProgram,
  udp,
} from '@manx/lab/bench-kit';
import { type BenchCloud, bootGuests, hosts } from './bench-cloud.js';
import type { Cleanup } from './cleanup.js';
import { type Effort, type Figure, type Progress, rowAlone } from './figure.js';
import { cpuSeconds } from './process-figures.js';
import { median } from './statistics.js';

const [host] = hosts;
const agent = `agent-${host}`;

/** CPU time of the sender, the kernel's for it among that, in nanoseconds a packet; packets a second; and what the agent took of a processor. */
type Flood = { readonly ns: number; readonly pace: number; readonly agentShare: number };

/** The rules that show samples, of a host whose agent does not run, are taken out of every chain that drops. */
const removeSamples = async (): Promise<void> => {
  const inHost = ['ip', 'netns', 'exec', hostNamespace(host), 'nft'];
  const listed = await execOut([...inHost, '-a', 'list', 'table', 'inet', 'manx']);
  let chain = '';
  const lines: string[] = [];
  for (const line of listed.split('\n')) {
    chain = /^\s*chain (\S+) \{/.exec(line)?.[1] ?? chain;
    const handle = /log prefix .*# handle (\d+)$/.exec(line)?.[1];
    if (chain.startsWith('drop-') && handle !== undefined) lines.push(`delete rule inet manx ${chain} handle ${handle}`);
  }
  await runProgram([...inHost, '-f', '-'], { stdin: `${lines.join('\n')}\n` });
};

/**
 * What a flood of packets in another's name costs its host: each is dropped at the tap on the processor that sends it, so that its CPU time is
 * the cost. With samples as they are; with nobody who hears them (the agent is dead); and without the rule. And what of a processor the agent takes meanwhile.
 */
export const measureDrops = async (
  effort: Effort,
  { cloud, progress }: { readonly cloud: BenchCloud; readonly cleanup: Cleanup; readonly progress: Progress },
): Promise<Figure> => {
  const [guest] = await bootGuests(cloud, { 'bench-flood': host });
  if (guest === undefined) throw new Error('a guest was asked for');
  const [port] = await cloud.client.list('ports', { name: guest.name });
  const mac = asMac(String(port?.['mac_address']));
  const ends = { source: asIp('192.0.2.1'), destination: asIp('10.80.0.2'), sport: 9, dport: 9 };
  const payload = ip({ ...ends, protocol: 17, payload: udp(ends, new Uint8Array(18)) });
  const frame = ethernet(hostSideMac(mac), mac, { type: etherTypes.ip, payload });
  const link = openLinkOf(instanceNamespace(guest.name), 'eth0');
  const cpu = async (): Promise<number> => {
    const pid = programPid(agent, hostNamespace(host));
    return pid === null ? 0 : await cpuSeconds(pid);
  };
  const flood = async (): Promise<Flood> => {
    const [used, own] = [await cpu(), process.cpuUsage()];
    const began = performance.now();
    const end = began + 1_000 * effort.pathSeconds;
    let packets = 0;
    for (; performance.now() < end; packets += 500) {
      for (let at = 0; at < 500; at += 1) link.send(frame);
      // The agent has the other processor; this one is the sender's and the kernel's.
      if (packets % 50_000 === 0) await pause(0);
    }
    const seconds = (performance.now() - began) / 1_000;
    const { user, system } = process.cpuUsage(own);
    return { ns: (1_000 * (user + system)) / packets, pace: packets / seconds, agentShare: ((await cpu()) - used) / seconds };
  };
  const floods = async (what: string): Promise<Flood> => {
    progress(`drops: a flood ${what}`);
    const seen: Flood[] = [];
    for (let round = 0; round < effort.pathRounds; round += 1) seen.push(await flood());
    const middle = (of: keyof Flood): number => median(seen.map((one) => one[of]));
    return { ns: middle('ns'), pace: middle('pace'), agentShare: middle('agentShare') };
  };
  try {
    const shown = await floods('with samples');
    await processControl.killAgent(host);
    const unheard = await floods('without the agent');
    await removeSamples();
    const bare = await floods('without samples');
    await processControl.startAgent(host);
    const row = (what: string, { ns, pace }: Flood) => rowAlone(what, `${Math.round(ns)} ns, at ${Math.round(pace / 1_000)} k/s`);
    return {
      title: 'Dropped flood',
      rows: [
        row('CPU for a packet that is sent and dropped, with samples', shown),
        row('- with nobody who hears samples (no agent)', unheard),
        row('- without the rule that shows them (no agent)', bare),
        rowAlone('CPU of the agent meanwhile', `${(100 * shown.agentShare).toFixed(1)} % of a processor`),
      ],
      notes: [
        'One instance sends UDP of 60 bytes in a name that is not its own, by a packet socket, a system call each (which is most of the time); its host drops them at the tap (`drop-source`), on the same processor. Samples are five at once, then one in five seconds.',
      ],
    };
  } finally {
    link.close();
  }
};
