import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, clientOf, type Made } from './client.js';
import { makeServerFolder, type ServerFolder, startServerProcess } from './server-process.js';

let folder: ServerFolder;

beforeAll(async () => {
  folder = await makeServerFolder('log: {level: warn}\nquotas: {port: -1}');
});
afterAll(() => folder.remove());

type Port = Made & { readonly fixed_ips: readonly { readonly ip_address: string }[]; readonly revision_number: number };

const CLIENTS = 16;
const ROUNDS = 3;

/** Makes ports without end until the server is gone, or says that it is going; gives those that were acknowledged. */
const makePorts = async (client: Client, network: string, onMade: () => void): Promise<readonly Port[]> => {
  const made: Port[] = [];
  for (;;) {
    try {
      made.push((await client.make('ports', { network_id: network })) as Port);
    } catch (error) {
      if (error instanceof TypeError || (error as Error).message.includes('503')) return made;
      throw error;
    }
    onMade();
  }
};

describe('a server that is killed', () => {
  it('S12: has every port that it acknowledged, no address twice, and goes on numbering where it was', async () => {
    const acknowledged = new Map<string, Port>();
    let network = '';
    for (let round = 0; round < ROUNDS; round += 1) {
      const server = await startServerProcess(folder);
      const client = clientOf(server.url);
      if (round === 0) {
        network = (await client.make('networks', { name: 'n' })).id;
        await client.make('subnets', { network_id: network, ip_version: 4, cidr: '10.9.0.0/16' });
      }
      let made = 0;
      const killAt = 150 + 40 * round;
      const onMade = (): void => {
        made += 1;
        if (made === killAt) server.child.kill('SIGKILL');
      };
      const found = (await Promise.all(Array.from({ length: CLIENTS }, () => makePorts(client, network, onMade)))).flat();
      for (const port of found) acknowledged.set(port.id, port);
      expect(found.length).toBeGreaterThanOrEqual(killAt);
    }
    const server = await startServerProcess(folder);
    const { body } = await clientOf(server.url).call('GET', '/v2.0/ports');
    const ports = new Map((body as { ports: Port[] }).ports.map((port) => [port.id, port]));
    for (const [id, port] of acknowledged) expect(ports.get(id)).toEqual(port);
    const addresses = [...ports.values()].flatMap((port) => port.fixed_ips.map(({ ip_address }) => ip_address));
    expect(new Set(addresses).size).toBe(addresses.length);
    // What was never acknowledged may be there or not, but whole: at most one request of each client each round.
    expect(ports.size - acknowledged.size).toBeLessThanOrEqual(CLIENTS * ROUNDS);
    for (const port of ports.values()) expect(port.fixed_ips).toHaveLength(1);
    expect(await server.end('SIGTERM')).toBe(0);
  });

  it('finishes what is under way when it is asked to end, and answers nothing that it then forgets', async () => {
    const first = await startServerProcess(folder);
    const client = clientOf(first.url);
    const network = (await client.make('networks', { name: 'last' })).id;
    await client.make('subnets', { network_id: network, ip_version: 4, cidr: '10.10.0.0/16' });
    let made = 0;
    const onMade = (): void => {
      made += 1;
      if (made === 50) first.child.kill('SIGTERM');
    };
    const acknowledged = (await Promise.all(Array.from({ length: CLIENTS }, () => makePorts(client, network, onMade)))).flat();
    expect(await first.ended).toBe(0);
    const second = await startServerProcess(folder);
    const { body } = await clientOf(second.url).call('GET', `/v2.0/ports?network_id=${network}&fields=id`);
    const ids = new Set((body as { ports: Made[] }).ports.map(({ id }) => id));
    for (const { id } of acknowledged) expect(ids).toContain(id);
    await second.end('SIGTERM');
  });
});
