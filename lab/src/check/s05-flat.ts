import type { Field, Guest } from './field.js';
import { inWords, ping, tcpTo } from './reach.js';
import { type Row, row } from './row.js';

type Cell = { readonly from: Guest; readonly to: Guest; readonly ok: boolean; readonly source: string; readonly saw: string };

const cell = async (from: Guest, to: Guest, family: 4 | 6): Promise<Cell> => {
  const [own, address] = family === 4 ? [from.v4, to.v4] : [from.v6, to.v6];
  const [echo, tcp] = await Promise.all([ping(from.netns, address), tcpTo(from.netns, address)]);
  const source = tcp.kind === 'answered' ? tcp.source : '';
  const saw = `${from.name} to ${to.name}: ping ${echo === null ? 'silent' : 'answered'}, TCP ${inWords(tcp)}, own address ${own}`;
  return { from, to, source, ok: echo !== null && tcp.kind === 'answered', saw };
};

const every = (cells: readonly Cell[], isRight: (cell: Cell) => boolean, words: string) => {
  const wrong = cells.filter((one) => !isRight(one));
  return { ok: wrong.length === 0, saw: wrong.length === 0 ? words : wrong.map((one) => one.saw).join('; ') };
};

/** S5 and S6: between networks as within one, provider and tenant, two projects, no router; and nobody's source is changed. */
export const checkFlat = async ({ near, far, tenant, stranger }: Field): Promise<Row[]> => {
  const guests = [near, far, tenant, stranger];
  const pairs = guests.flatMap((from) => guests.filter((to) => to !== from).map((to) => [from, to] as const));
  const rows: Row[] = [];
  for (const family of [4, 6] as const) {
    const cells = await Promise.all(pairs.map(async ([from, to]) => await cell(from, to, family)));
    const own = (one: Cell) => (family === 4 ? one.from.v4 : one.from.v6);
    rows.push(
      row('S5', `${pairs.length} pairs over a provider and two tenant networks of two projects, no router, IPv${family}`, {
        ...every(cells, (one) => one.ok, 'every pair: ping and TCP answered'),
      }),
      row('S6', `the source that each receiver saw, IPv${family}`, {
        ...every(cells, (one) => one.source === own(one), "each time the sender's own fixed IP"),
      }),
    );
  }
  return rows;
};
