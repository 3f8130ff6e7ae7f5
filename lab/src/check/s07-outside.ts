import { outsideAddress4, outsideAddress6, outsideNamespace } from '../layout.js';
import type { Field } from './field.js';
import { inWords, ping, silenceMs, tcpTo } from './reach.js';
import { type Row, row } from './row.js';

/** S7: out to the outside and in from it, as far as security groups allow. */
export const checkOutside = async ({ near, shy }: Field): Promise<Row[]> => {
  const families = [
    { family: 4, outside: outsideAddress4, inside: near.v4, closed: shy.v4 },
    { family: 6, outside: outsideAddress6, inside: near.v6, closed: shy.v6 },
  ];
  return await Promise.all(
    families.flatMap(({ family, outside, inside, closed }) => [
      (async () => {
        const [echo, tcp] = await Promise.all([ping(near.netns, outside), tcpTo(near.netns, outside)]);
        return row('S7', `to the outside (${outside}), IPv${family}`, {
          saw: `ping ${echo === null ? 'silent' : 'answered'}, TCP ${inWords(tcp)}`,
          ok: echo !== null && tcp.kind === 'answered' && tcp.source === inside,
        });
      })(),
      (async () => {
        const [echo, tcp] = await Promise.all([ping(outsideNamespace, inside), tcpTo(outsideNamespace, inside)]);
        return row('S7', `from the outside to an instance whose group allows it, IPv${family}`, {
          saw: `ping ${echo === null ? 'silent' : 'answered'}, TCP ${inWords(tcp)}`,
          ok: echo !== null && tcp.kind === 'answered',
        });
      })(),
      (async () => {
        const tcp = await tcpTo(outsideNamespace, closed, { waitMs: silenceMs });
        return row('S7', `from the outside to an instance of the default group, IPv${family}`, {
          saw: inWords(tcp),
          ok: tcp.kind === 'silent',
        });
      })(),
    ]),
  );
};
