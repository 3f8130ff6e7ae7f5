import { hostNamespace, outsideNamespace } from '../layout.js';
import { execIn } from '../namespace-exec.js';
import type { NeutronClient } from '../neutron-client.js';
import type { CheckContext } from './context.js';
import type { Field, Guest } from './field.js';
import { patienceMs } from './reach.js';
import { type Row, row } from './row.js';
import { answersOf, type SharedAddress, shareAddress, tellAnswers } from './shared-address.js';
import { within } from './within.js';

/** Enough flows that none of three holders is missed by chance: one in ten thousand million. */
const flows = 80;
/** A few new flows, all of which must be answered. */
const someFlows = 12;
const quickMs = 200;
/** How long BGP may take to begin anew. */
const backMs = 20_000;

const isSpread = (names: ReadonlyMap<string, number>, holders: readonly Guest[]): boolean =>
  names.size === holders.length && holders.every(({ name }) => names.has(name));

/** From beyond, every holder gets some, on both hosts and within one; from a host that has holders, its own. */
const spreadRows = async ({ tenant, near, mate }: Field, { v4, v6, holders }: SharedAddress): Promise<Row[]> => {
  const ways = [
    { from: outsideNamespace, where: 'from outside', who: holders },
    { from: tenant.netns, where: `from an instance of ${tenant.host}, which has holders of its own`, who: [near, mate] },
  ];
  const rows: Row[] = [];
  for (const { from, where, who } of ways) {
    for (const [family, address] of [
      ['IPv4', v4],
      ['IPv6', v6],
    ] as const) {
      // Routes follow the API's answer; BGP follows routes.
      await within(async () => isSpread(await answersOf(from, address, { count: flows, waitMs: quickMs }), who), patienceMs);
      const names = await answersOf(from, address, { count: flows });
      rows.push(
        row('S8', `${flows} TCP flows to an address that ${holders.length} instances on two hosts have, ${where}, ${family}`, {
          saw: tellAnswers(names),
          ok: isSpread(names, who),
        }),
      );
    }
  }
  return rows;
};

type Going = { readonly what: string; readonly goes: Guest; readonly go: () => Promise<unknown>; readonly back: () => Promise<unknown> };

/** A holder goes away: within a second no new flow goes to it, and all are answered. */
const goneRow = async ({ v4, v6 }: SharedAddress, { what, goes, go, back }: Going): Promise<Row> => {
  const isOthers = async (): Promise<boolean> => {
    const both = await Promise.all(
      [v4, v6].map(async (address) => await answersOf(outsideNamespace, address, { count: someFlows, waitMs: quickMs })),
    );
    return both.every((names) => !names.has('') && !names.has(goes.name));
  };
  try {
    await go();
    const ms = await within(isOthers, patienceMs);
    const after = await answersOf(outsideNamespace, v4, { count: flows });
    return row('S8', `${what}: new flows from outside, IPv4 and IPv6`, {
      saw: ms === null ? `NOT all with others: ${tellAnswers(after)}` : `with others after ${ms} ms: ${tellAnswers(after)}`,
      ok: ms !== null && !after.has('') && !after.has(goes.name),
    });
  } finally {
    await back();
  }
};

const waysToGo = (client: NeutronClient, { near, mate, far }: Field): readonly Going[] => {
  const down = async (up: boolean): Promise<unknown> =>
    await client.update('ports', 'port', { id: near.port_id, body: { admin_state_up: up } });
  const tap = async (state: 'up' | 'down'): Promise<unknown> =>
    await execIn(hostNamespace(mate.host), ['ip', 'link', 'set', mate.tap, state]);
  const dead =
    'add table inet manx-check-dead; add chain inet manx-check-dead c { type filter hook prerouting priority -400; iifname "tor*" drop; }; add chain inet manx-check-dead o { type filter hook postrouting priority 400; oifname "tor*" drop; }';
  const host = async (script: string): Promise<unknown> => await execIn(hostNamespace(far.host), ['nft', script]);
  return [
    {
      what: 'one of the holders is set administratively down',
      goes: near,
      go: async () => await down(false),
      back: async () => await down(true),
    },
    { what: "one of the holders' interfaces goes down", goes: mate, go: async () => await tap('down'), back: async () => await tap('up') },
    {
      what: `${far.host} is silent on all its links, which stay up`,
      goes: far,
      go: async () => await host(dead),
      back: async () => await host('delete table inet manx-check-dead'),
    },
  ];
};

/** S8: an address that several ports have is everybody's who has it, flow by flow, and nobody's who is gone. */
export const checkAnycast = async (field: Field, { client }: CheckContext): Promise<Row[]> => {
  const { near, mate, far } = field;
  if (!field.hasTwoHosts) return [];
  const { address, end } = await shareAddress(client, field, { holders: [near, mate, far], offset: 248n });
  try {
    const rows = await spreadRows(field, address);
    for (const going of waysToGo(client, field)) {
      rows.push(await goneRow(address, going));
      const isBack = async (): Promise<boolean> =>
        isSpread(await answersOf(outsideNamespace, address.v4, { count: flows, waitMs: quickMs }), address.holders);
      // BGP begins anew after a silence: until then the next row would see the last.
      await within(isBack, backMs);
    }
    return rows;
  } finally {
    await end();
  }
};
