import { outsideAddress4, outsideAddress6, outsideNamespace } from '../layout.js';
import type { Field } from './field.js';
import { inWords, ping, silenceMs, tcpTo, udpTo } from './reach.js';
import { type Row, row } from './row.js';

type Way = { readonly family: 4 | 6; readonly outside: string; readonly inside: string; readonly closed: string };

const outRow = async ({ near }: Field, { family, outside, inside }: Way): Promise<Row> => {
  const [echo, tcp, udp] = await Promise.all([ping(near.netns, outside), tcpTo(near.netns, outside), udpTo(near.netns, outside)]);
  const isOwn = [tcp, udp].every((one) => one.kind === 'answered' && one.source === inside);
  return row('S7', `to the outside (${outside}), IPv${family}`, {
    saw: `ping ${echo === null ? 'silent' : 'answered'}, TCP ${inWords(tcp)}, UDP ${inWords(udp)}`,
    ok: echo !== null && isOwn,
  });
};

const inRow = async (_: Field, { family, outside, inside }: Way): Promise<Row> => {
  const [echo, tcp, udp] = await Promise.all([
    ping(outsideNamespace, inside),
    tcpTo(outsideNamespace, inside),
    udpTo(outsideNamespace, inside),
  ]);
  const isOwn = [tcp, udp].every((one) => one.kind === 'answered' && one.source === outside);
  return row('S7', `from the outside to an instance whose group allows it, IPv${family}`, {
    saw: `ping ${echo === null ? 'silent' : 'answered'}, TCP ${inWords(tcp)}, UDP ${inWords(udp)}`,
    ok: echo !== null && isOwn,
  });
};

const closedRow = async ({ shy }: Field, { family, outside, closed }: Way): Promise<Row> => {
  const [tcp, udp, echo, back] = await Promise.all([
    tcpTo(outsideNamespace, closed, { waitMs: silenceMs }),
    udpTo(outsideNamespace, closed, { waitMs: silenceMs }),
    ping(outsideNamespace, closed, silenceMs),
    tcpTo(shy.netns, outside),
  ]);
  return row('S7', `from the outside to an instance of the default group, and from it to the outside, IPv${family}`, {
    saw: `in: TCP ${inWords(tcp)}, UDP ${inWords(udp)}, ping ${echo === null ? 'silent' : 'answered'}; out: TCP ${inWords(back)}`,
    ok: tcp.kind === 'silent' && udp.kind === 'silent' && echo === null && back.kind === 'answered',
  });
};

/** S7: out to the outside and in from it, as far as security groups allow. */
export const checkOutside = async (field: Field): Promise<Row[]> => {
  const { near, shy } = field;
  const ways: readonly Way[] = [
    { family: 4, outside: outsideAddress4, inside: near.v4, closed: shy.v4 },
    { family: 6, outside: outsideAddress6, inside: near.v6, closed: shy.v6 },
  ];
  return await Promise.all(ways.flatMap((way) => [outRow(field, way), inRow(field, way), closedRow(field, way)]));
};
