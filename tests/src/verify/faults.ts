import { readFile } from 'node:fs/promises';
import { execIn, hostNamespace, processControl, waitUntil } from '@manx/lab/attack-kit';
import { agentState } from './settled.js';
import type { Step } from './step.js';
import type { World } from './world.js';

/** Kills (SIGKILL) the processes of a program in a host's namespace. */
const killAll = async (host: string, program: string): Promise<void> => {
  const { stdout } = await execIn(hostNamespace(host), ['ip', 'netns', 'pids', hostNamespace(host)]);
  for (const pid of stdout.split('\n').filter(Boolean)) {
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (name.trim() === program) process.kill(Number(pid), 'SIGKILL');
  }
};

const nft = async (host: string, script: string): Promise<unknown> => await execIn(hostNamespace(host), ['nft', script]);

/** One of the host's two links is silent, as by a broken cable that nobody sees; healed when the host has noticed. */
const cutLink = async (host: string, meanwhile: () => Promise<unknown>): Promise<void> => {
  const cut =
    'add table inet oracle-cut; add chain inet oracle-cut i { type filter hook prerouting priority -400; iifname "tor1" drop; }; add chain inet oracle-cut o { type filter hook postrouting priority 400; oifname "tor1" drop; }';
  await nft(host, cut);
  try {
    await meanwhile();
    await waitUntil(`${host} to see that its first link is dead`, async () => {
      const state = await agentState(host);
      return state?.agent.bgp.some((session) => !session.state.startsWith('Established')) === true;
    });
  } finally {
    await nft(host, 'delete table inet oracle-cut');
  }
};

const restarted = async (hosts: readonly string[], meanwhile: () => Promise<unknown>): Promise<void> => {
  for (const host of hosts) await processControl.killAgent(host);
  await meanwhile();
  await Promise.all(hosts.map(async (host) => await processControl.startAgent(host)));
};

const foreign =
  'add table inet oracle-stranger; add chain inet oracle-stranger forward { type filter hook forward priority -5; policy accept; }; add rule inet oracle-stranger forward counter accept; add chain inet oracle-stranger marks { type filter hook prerouting priority -150; }; add rule inet oracle-stranger marks meta mark set 0x1';

/** Breaks something on a host and lets it come back, doing something else while it is away. */
export const causeFault = async (
  { hosts }: World,
  { fault, host: at }: Extract<Step, { do: 'fault' }>,
  meanwhile: () => Promise<unknown>,
): Promise<void> => {
  const host = hosts[at % hosts.length] ?? '';
  const inHost = async (...argv: readonly string[]): Promise<unknown> => await execIn(hostNamespace(host), argv);
  switch (fault) {
    case 'agent-killed':
      return await restarted([host], meanwhile);
    case 'agents-killed':
      return await restarted(hosts, meanwhile);
    case 'rules-flushed-unwatched':
      return await restarted([host], async () => {
        await nft(host, 'flush ruleset');
        await meanwhile();
      });
    case 'link-cut':
      return await cutLink(host, meanwhile);
    case 'server-killed':
      await processControl.killServer();
      await processControl.startServer();
      break;
    case 'bird-killed':
      await killAll(host, 'bird');
      break;
    case 'dnsmasq-killed':
      await killAll(host, 'dnsmasq');
      break;
    case 'foreign-table':
      await nft(host, foreign);
      break;
    case 'rules-flushed':
      await nft(host, 'flush ruleset');
      break;
    case 'routes-flushed':
      await inHost('ip', 'route', 'flush', 'proto', '80');
      await inHost('ip', '-6', 'route', 'flush', 'proto', '80');
      break;
    case 'neighbours-flushed':
      await inHost('ip', 'neigh', 'flush', 'nud', 'permanent');
      await inHost('ip', '-6', 'neigh', 'flush', 'nud', 'permanent');
      break;
    case 'conntrack-flushed':
      await inHost('conntrack', '-F');
      break;
    default:
      return fault satisfies never;
  }
  await meanwhile();
};

/** Takes away what faults leave behind. */
export const mend = async ({ hosts }: Pick<World, 'hosts'>): Promise<void> => {
  await Promise.all(hosts.map(async (host) => await nft(host, 'destroy table inet oracle-stranger')));
};
