import { outsideAddress4, outsideNamespace } from '../layout.js';
import { waitUntil } from '../program.js';
import { type ProbeResult, serveTcp } from '../wire/tcp-probe.js';
import type { Guest } from './field.js';
import { echoPort, inWords, silenceMs, tcpTo, udpTo } from './reach.js';
import { type Row, row } from './row.js';
import { announcers, type OnStreet } from './s21-floating-ips.js';
import { type Floating, makeFloating } from './street.js';

const ports = { one: 8_080, udp: 8_053, range: { from: 9_000, to: 9_009 }, far: 8_022 } as const;

const forward = async (
  { client }: OnStreet,
  { id }: Floating,
  { to, ...more }: { readonly to: Guest; readonly [key: string]: unknown },
) => {
  const body = { internal_port_id: to.port_id, internal_ip_address: to.v4, protocol: 'tcp', ...more };
  return await client.create(`floatingips/${id}/port_forwardings`, 'port_forwarding', body);
};

type Asking = { readonly who: string; readonly netns: string; readonly source: string };

const askRow = async ({ who, netns, source }: Asking, { address }: Floating, at: OnStreet): Promise<Row> => {
  const { tenant } = at.field;
  const inRange = ports.range.from + 7;
  const [one, udp, range, far, other] = await Promise.all([
    tcpTo(netns, address, { port: ports.one }),
    udpTo(netns, address, { port: ports.udp }),
    tcpTo(netns, address, { port: inRange }),
    tcpTo(netns, address, { port: ports.far }),
    tcpTo(netns, address, { waitMs: silenceMs }),
  ]);
  const [carrier] = await announcers(at.field, address);
  // Who is elsewhere answers by the host that translates, and sees the floating IP for that.
  const sees = (guest: Guest) => (guest.netns === netns || guest.host !== carrier ? address : source);
  const isRight = (answers: readonly ProbeResult[], guest: Guest) =>
    answers.every((answer) => answer.kind === 'answered' && answer.source === sees(guest));
  return row('S23', `forwarded ports, asked by ${who}: TCP, UDP, one of a range, one to another host; and one that is none`, {
    saw: `by ${carrier ?? 'nobody'}: ${[one, udp, range, far].map(inWords).join('; ')}; ${inWords(other)}`,
    ok: isRight([one, udp, range], tenant) && isRight([far], at.street.tenantFar) && other.kind !== 'answered',
  });
};

/** A forwarding is taken away, and the others stay. */
const goneRow = async ({ client }: OnStreet, { id, address }: Floating, forwarding: string): Promise<Row> => {
  await client.remove(`floatingips/${id}/port_forwardings`, forwarding);
  const isShut = async () => (await tcpTo(outsideNamespace, address, { port: ports.one, waitMs: silenceMs })).kind !== 'answered';
  await Promise.allSettled([waitUntil('the port to be shut', isShut, 3_000)]);
  const [shut, kept] = [await isShut(), await tcpTo(outsideNamespace, address, { port: ports.range.from })];
  return row('S23', 'one of its forwardings is deleted', {
    saw: `it is ${shut ? 'shut' : 'STILL OPEN'}; another: ${inWords(kept)}`,
    ok: shut && kept.kind === 'answered',
  });
};

/** S23: some ports of a floating IP lead to instances, on the host that has it and on another. */
export const forwardRows = async (at: OnStreet): Promise<Row[]> => {
  const { tenant, mate, far, tenantProject } = at.field;
  const floating = await makeFloating(at.street, at.client, { project: tenantProject, to: null });
  const { from, to } = ports.range;
  const ranged = Array.from({ length: to - from + 1 }, (_, index) => serveTcp(tenant.netns, 4, from + index));
  try {
    // The oldest says which host has the address; the one that goes is another.
    await forward(at, floating, { to: tenant, protocol: 'udp', internal_port: echoPort, external_port: ports.udp });
    const one = await forward(at, floating, { to: tenant, internal_port: echoPort, external_port: ports.one });
    await forward(at, floating, { to: tenant, internal_port_range: `${from}:${to}`, external_port_range: `${from}:${to}` });
    await forward(at, floating, { to: at.street.tenantFar, internal_port: echoPort, external_port: ports.far });
    const isOpen = async () =>
      (await tcpTo(outsideNamespace, floating.address, { port: ports.far, waitMs: 200 })).kind === 'answered' &&
      (await announcers(at.field, floating.address)).length === 1;
    await Promise.allSettled([waitUntil('the forwards', isOpen, 3_000)]);
    const askers: readonly Asking[] = [
      { who: 'the outside', netns: outsideNamespace, source: outsideAddress4 },
      { who: 'a neighbour', netns: mate.netns, source: mate.v4 },
      { who: 'an instance on another host', netns: far.netns, source: far.v4 },
      { who: 'the instance itself', netns: tenant.netns, source: tenant.v4 },
    ];
    const rows = await Promise.all(askers.map(async (asking) => await askRow(asking, floating, at)));
    return [...rows, await goneRow(at, floating, one.id)];
  } finally {
    for (const server of ranged) server.close();
  }
};
