import { cidrFirst, type Ip, offsetIp } from '@manx/ip';
import { execIn } from '../namespace-exec.js';
import type { NeutronClient } from '../neutron-client.js';
import { type Responder, serveTcp } from '../wire/tcp-probe.js';
import type { Field, Guest } from './field.js';
import { tcpTo } from './reach.js';

/** Where the holders of shared addresses answer, each with its name. */
const namePort = 7_008;

/** An address of each family that several instances have as a pair. */
export type SharedAddress = { readonly v4: Ip; readonly v6: Ip; readonly holders: readonly Guest[] };

const nth = (first: Ip, offset: bigint): Ip => offsetIp(first, offset) ?? first;

/** Gives the instances a pair of each family, puts the addresses on their loopback, and has each answer with its name. */
export const shareAddress = async (
  client: NeutronClient,
  { nearCidr, nearCidr6 }: Field,
  { holders, offset }: { readonly holders: readonly Guest[]; readonly offset: bigint },
): Promise<{ readonly address: SharedAddress; readonly end: () => Promise<void> }> => {
  const [v4, v6] = [nth(cidrFirst(nearCidr), offset), nth(cidrFirst(nearCidr6), offset)];
  const servers: Responder[] = [];
  const pairs = async (allowed_address_pairs: readonly object[]): Promise<void> => {
    for (const { port_id: id } of holders) await client.update('ports', 'port', { id, body: { allowed_address_pairs } });
  };
  const onLoopback = async (verb: 'add' | 'del'): Promise<void> => {
    for (const { netns } of holders) {
      await execIn(netns, ['ip', 'addr', verb, `${v4}/32`, 'dev', 'lo']);
      await execIn(netns, ['ip', 'addr', verb, `${v6}/128`, 'dev', 'lo', ...(verb === 'add' ? ['nodad'] : [])]);
    }
  };
  await pairs([{ ip_address: v4 }, { ip_address: v6 }]);
  await onLoopback('add');
  for (const { netns, name } of holders) {
    for (const family of [4, 6] as const) servers.push(serveTcp(netns, family, namePort, { says: name }));
  }
  return {
    address: { v4, v6, holders },
    end: async () => {
      for (const server of servers) server.close();
      await onLoopback('del');
      await pairs([]);
    },
  };
};

/** Who answered so many connections, begun one after another from a namespace; '' stands for silence. */
export const answersOf = async (
  from: string,
  address: string,
  { count, waitMs }: { readonly count: number; readonly waitMs?: number },
): Promise<ReadonlyMap<string, number>> => {
  const names = new Map<string, number>();
  const tries = Array.from(
    { length: count },
    async () => await tcpTo(from, address, { port: namePort, ...(waitMs === undefined ? {} : { waitMs }) }),
  );
  for (const answer of await Promise.all(tries)) {
    const name = answer.kind === 'answered' ? answer.source : '';
    names.set(name, (names.get(name) ?? 0) + 1);
  }
  return names;
};

/** Who answered, in words. */
export const tellAnswers = (names: ReadonlyMap<string, number>): string =>
  [...names]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name === '' ? 'SILENCE' : name} ${count}`)
    .join(', ');
