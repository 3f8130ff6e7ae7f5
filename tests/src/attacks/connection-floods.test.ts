import { execIn, hostNamespace } from '@manx/lab/attack-kit';
import { expect } from 'vitest';
import { tryAttacks } from './attacks.js';
import { settle } from './ground.js';

/** What the lab's agents let one port have, and more than that. */
const most = 4_096;
const flood = 6_000;

/** Begins so many flows with datagrams from ports of their own, without waiting for an answer. */
const beginFlows = async (netns: string, to: string): Promise<void> => {
  const script = `import socket
s=[socket.socket(socket.AF_INET,socket.SOCK_DGRAM) for n in range(4)]
for n in range(${flood}): s[n%4].sendto(b'x',('${to}',20000+n//4))`;
  expect((await execIn(netns, ['python3', '-c', script])).code).toBe(0);
};

/** How many flows of an address a host remembers. */
const remembered = async (host: string, address: string): Promise<number> => {
  const { stdout } = await execIn(hostNamespace(host), ['conntrack', '-L', '-s', address]);
  return stdout.split('\n').filter((line) => line !== '').length;
};

tryAttacks([
  {
    title: 'S18: an instance fills the table of connections of its host, or of another, and nobody else begins any',
    act: async (ground) => {
      const { mallory, witness } = ground;
      await beginFlows(mallory.netns, witness.v4);
      for (const host of new Set([mallory.host, witness.host])) {
        const count = await remembered(host, mallory.v4);
        // It did begin many: the limit is what stopped it.
        expect(count).toBeGreaterThan(most / 2);
        expect(count).toBeLessThanOrEqual(most + 8);
      }
      for (const host of new Set([mallory.host, witness.host])) await execIn(hostNamespace(host), ['conntrack', '-D', '-s', mallory.v4]);
      await settle(ground);
    },
  },
]);
