import { appendFile, readFile } from 'node:fs/promises';
import { asIp, type Ip } from '@manx/ip';
import { labPaths, processControl } from '@manx/lab/attack-kit';

/** The address by which a host sends what leaves the flat space by source NAT (S24): all hosts but the last have one. */
const snatOf = (hosts: readonly string[], host: string): Ip | null => {
  const at = hosts.indexOf(host);
  return at < hosts.length - 1 ? asIp(`198.18.254.${at + 1}`) : null;
};

/** Gives the hosts their addresses for source NAT, as an operator does: in agent.yaml, and the agent started anew. */
export const setHostSnat = async (hosts: readonly string[]): Promise<(host: string) => Ip | null> => {
  await Promise.all(
    hosts.map(async (host) => {
      const [path, address] = [labPaths.agentSettings(host), snatOf(hosts, host)];
      if (address === null || (await readFile(path, 'utf8')).includes('host_snat')) return;
      await processControl.killAgent(host);
      await appendFile(path, `host_snat:\n  address: ${address}\n`);
      await processControl.startAgent(host);
    }),
  );
  return (host) => snatOf(hosts, host);
};
