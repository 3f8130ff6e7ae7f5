import { once } from 'node:events';
import type { PolicyRule } from '@manx/hoststate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf } from './testing/test-states.js';

const isUp = ({ state }: { readonly state: string }): boolean => state === 'up';
const udp = (id: string): PolicyRule => ({ ...PING, id, protocol: 17 });
const guest = (n: number): { name: string; tap: string; mac: string; ip: string; gateway: string } => ({
  ...portOf(n),
  name: `ac-g${n}`,
  gateway: GATEWAY,
});
/** The first may be asked by anyone, the second only while the rule is there. */
const asked = stateOf(
  SUBNET,
  policy('open', EGRESS, udp('rule-in')),
  policy('guarded', EGRESS, udp('rule-udp')),
  endpoint(1),
  endpoint(2, ['guarded']),
);
const refused = stateOf(SUBNET, policy('open', EGRESS, udp('rule-in')), policy('guarded', EGRESS), endpoint(1), endpoint(2, ['guarded']));
const host = new TestHost('ac-host', asked);

/** Sends all the time, and says every ten packets. */
const client = `const s = require("dgram").createSocket("udp4"); let n = 0;
s.bind(6000, () => setInterval(() => s.send("x", 7000, "${portOf(2).ip}", () => { n += 1; if (n % 10 === 0) console.log(n); }), 2));`;
/** Says of every packet that it came, and answers once when it is told to. */
const server = `const s = require("dgram").createSocket("udp4"); s.bind(7000, () => console.log("on")); s.on("message", () => console.log("got"));
process.stdin.on("data", () => s.send("y", 6000, "${portOf(1).ip}"));`;

beforeAll(async () => {
  await host.serve();
  host.start();
  for (const n of [1, 2]) host.plug(guest(n));
  for (const n of [1, 2]) await host.status(portOf(n).id, isUp);
});
afterAll(() => host.remove());

describe('S16: a flow that was cut', () => {
  it('does not come back by an answer that was under way', async () => {
    const receiver = host.spawnInGuest('ac-g2', process.execPath, '-e', server);
    let got = 0;
    receiver.stdout?.on('data', (text: Buffer) => (got += text.toString().split('got').length - 1));
    await once(receiver.stdout ?? receiver, 'data');
    const sender = host.spawnInGuest('ac-g1', process.execPath, '-e', client);
    await host.until('packets', () => (got > 10 ? true : null));
    host.change(refused);
    await host.until('cut', () => (host.said.includes('cut flows that are no longer allowed') ? true : null));
    receiver.stdin?.write('now\n');
    await host.until('second cut', () => (host.said.includes('that an answer under way had begun again') ? true : null));
    // What was on its way when it was cut still arrives, and is told a while later; then nothing comes of two hundred that are sent.
    const isSilent = async (): Promise<boolean> => {
      const before = got;
      for (let tens = 0; tens < 20; tens += 1) await once(sender.stdout ?? sender, 'data');
      return got === before;
    };
    expect((await isSilent()) || (await isSilent())).toBe(true);
    sender.kill();
    receiver.kill();
  });
});
