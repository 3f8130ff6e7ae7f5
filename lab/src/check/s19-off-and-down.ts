import { asIp, asMac } from '@manx/ip';
import type { NeutronClient } from '../neutron-client.js';
import { startCapture } from '../wire/capture.js';
import { ethernet, etherTypes, ip, udp } from '../wire/frames.js';
import { sendFrame } from '../wire/namespace-socket.js';
import type { CheckContext } from './context.js';
import type { Field, Guest } from './field.js';
import { ping } from './reach.js';
import { type Row, row } from './row.js';
import { quickMs } from './s16-rules.js';
import { within } from './within.js';

/** The source of nobody, which only an instance without port security may send from. */
const alien = asIp('192.0.2.19');

const answers = async (from: Guest, to: Guest): Promise<boolean> =>
  (await Promise.all([to.v4, to.v6].map(async (address) => (await ping(from.netns, address, quickMs)) !== null))).every(Boolean);

const isSilent = async (from: Guest, to: Guest): Promise<boolean> =>
  (await Promise.all([to.v4, to.v6].map(async (address) => (await ping(from.netns, address, quickMs)) === null))).every(Boolean);

/** Whether a packet from an address of nobody's gets from one to another. */
const passesAlien = async (from: Guest, to: Guest): Promise<boolean> => {
  const capture = await startCapture(to.netns, 'eth0', `src host ${alien}`);
  try {
    const ends = { source: alien, destination: to.v4, sport: 4_019, dport: 4_019 };
    const packet = ip({ ...ends, protocol: 17, payload: udp(ends, new Uint8Array(8)) });
    sendFrame(from.netns, 'eth0', ethernet(asMac(from.hostMac), asMac(from.mac), { type: etherTypes.ip, payload: packet }));
    return await capture.sees(/192\.0\.2\.19/, quickMs);
  } finally {
    await capture.stop();
  }
};

const took = (ms: number | null): string => (ms === null ? 'NOT within 1 s' : `after ${ms} ms`);

const portSecurityRow = async (client: NeutronClient, { near, shyFar }: Field): Promise<Row> => {
  const { security_groups } = await client.show('ports', shyFar.port_id);
  const set = async (body: object) => await client.update('ports', 'port', { id: shyFar.port_id, body });
  const before = (await isSilent(near, shyFar)) && !(await passesAlien(shyFar, near));
  await set({ port_security_enabled: false, security_groups: [] });
  const openMs = await within(async () => await answers(near, shyFar));
  const forges = openMs !== null && (await passesAlien(shyFar, near));
  await set({ port_security_enabled: true, security_groups });
  const shutMs = await within(async () => await isSilent(near, shyFar));
  const after = !(await passesAlien(shyFar, near));
  return row('S19', 'port security of an instance off, and on again: ping into it, a forged source out of it', {
    saw: `before ${before ? 'shut' : 'NOT shut'}; off: open ${took(openMs)}, a forged source ${forges ? 'passes' : 'does NOT pass'}; on: shut ${took(shutMs)}${after ? '' : ', a forged source STILL passes'}`,
    ok: before && openMs !== null && forges && shutMs !== null && after,
  });
};

type Down = { readonly did: string; readonly guest: Guest; readonly set: (admin_state_up: boolean) => Promise<unknown> };

const downRow = async ({ near }: Field, { did, guest, set }: Down): Promise<Row> => {
  const before = await answers(near, guest);
  await set(false);
  const downMs = await within(async () => (await isSilent(near, guest)) && (await isSilent(guest, near)));
  await set(true);
  const upMs = await within(async () => (await answers(near, guest)) && (await answers(guest, near)));
  return row('S19', did, {
    saw: `before ${before ? 'answered' : 'SILENT'}; down: silent both ways ${took(downMs)}; up: answered ${took(upMs)}`,
    ok: before && downMs !== null && upMs !== null,
  });
};

/** S19: without port security everything passes; what is administratively down passes nothing. */
export const checkOffAndDown = async (field: Field, { client }: CheckContext): Promise<Row[]> => {
  const { mate, tenant, tenantNetwork } = field;
  return [
    await portSecurityRow(client, field),
    await downRow(field, {
      did: 'a port is set down, and up again: ping into it and out of it, IPv4 and IPv6',
      guest: mate,
      set: async (admin_state_up) => await client.update('ports', 'port', { id: mate.port_id, body: { admin_state_up } }),
    }),
    await downRow(field, {
      did: 'a network is set down, and up again: ping into its instance and out of it, IPv4 and IPv6',
      guest: tenant,
      set: async (admin_state_up) => await client.update('networks', 'network', { id: tenantNetwork, body: { admin_state_up } }),
    }),
  ];
};
