import { asCidr, asIp, cidrFirst, familyOf, type Ip, offsetIp } from '@manx/ip';
import { clientFor, waitUntil } from '@manx/lab/attack-kit';
import { udpShot } from './forge.js';
import { type Ground, passes } from './ground.js';

/** Some address that a pair lets its holder send from. */
const sourceIn = (pair: string): Ip =>
  pair.includes('/') ? (offsetIp(cidrFirst(asCidr(pair)), 99n) ?? cidrFirst(asCidr(pair))) : asIp(pair);

const isInForce = async ({ mallory, witness }: Ground, pair: string): Promise<boolean> => {
  const source = sourceIn(pair);
  const destination = familyOf(source) === 4 ? witness.v4 : witness.v6;
  return await passes(mallory, witness, udpShot(`from ${source}`, mallory, { source, destination }), 50);
};

/** Gives the attacker address pairs, acts once the last of them is in force at its host, and takes them away again. */
export const withPairs = async (ground: Ground, pairs: readonly string[], act: () => Promise<void>): Promise<void> => {
  const client = clientFor('operator');
  const hold = async (list: readonly string[]) =>
    await client.update('ports', 'port', {
      id: ground.mallory.port_id,
      body: { allowed_address_pairs: list.map((ip_address) => ({ ip_address })) },
    });
  const last = pairs.at(-1) ?? '';
  await hold(pairs);
  try {
    await waitUntil(`the pair ${last} to be in force`, async () => await isInForce(ground, last));
    await act();
  } finally {
    await hold([]);
    await waitUntil(`the pair ${last} to be gone`, async () => !(await isInForce(ground, last)));
  }
};
