import { once } from 'node:events';
import type { HostObject, HostState } from '@manx/hoststate';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf, TCP_5000 } from './testing/test-states.js';

/** How often the agent is killed; a long run sets it in the environment. */
const KILLS = Number(process.env['MANX_KILLS'] ?? 30);
const { seed: SEED } = fc.readConfigureGlobal();
const PORTS = [1, 2, 3, 4, 5, 6];
/** Who is plugged in: the victim, and the one that floods it. */
const PLUGGED = [1, 2];
/** What the policy never lets in. */
const FORBIDDEN_PORT = 9;

/** Any subset of the ports, each with any of three policies; the two that are plugged in always. */
const STATES = fc
  .record({
    chosen: fc.subarray(PORTS.slice(PLUGGED.length)),
    policies: fc.array(fc.constantFrom('open', 'echo', 'shut'), { minLength: PORTS.length, maxLength: PORTS.length }),
    isEchoed: fc.boolean(),
  })
  .map(({ chosen, policies, isEchoed }): HostState => {
    const groups: readonly HostObject[] = [
      policy('open', EGRESS, PING),
      policy('echo', EGRESS, PING, ...(isEchoed ? [TCP_5000] : [])),
      policy('shut', EGRESS),
    ];
    return stateOf(SUBNET, ...groups, ...[...PLUGGED, ...chosen].map((n) => endpoint(n, [policies[n - 1] ?? 'open'])));
  });

const base = stateOf(SUBNET, policy('open', EGRESS, PING), endpoint(1), endpoint(2));
const host = new TestHost('ag-killed', base);
afterAll(() => host.remove());

const flood = `const s = require("dgram").createSocket("udp4"); const go = () => { for (let i = 0; i < 20; i += 1) s.send("x", ${FORBIDDEN_PORT}, "${portOf(1).ip}", () => undefined); setTimeout(go, 5); }; go(); console.log("on");`;
const arrived = (): number =>
  Number(/packets (\d+)/.exec(host.inGuest('ag-k1', 'nft', 'list', 'counter', 'ip', 't', 'forbidden'))?.[1] ?? Number.NaN);

it(
  `S20: an agent killed with -9 at ${KILLS} random moments under churn and attack converges each time, and never opens a tap (MANX_SEED=${SEED})`,
  async () => {
    for (const n of PLUGGED) host.plug({ ...portOf(n), name: `ag-k${n}`, gateway: GATEWAY });
    await host.serve();
    host.start();
    for (const n of PLUGGED) await host.status(portOf(n).id, ({ state }) => state === 'up');
    host.inGuest(
      'ag-k1',
      'nft',
      `table ip t { counter forbidden { }\nchain c { type filter hook prerouting priority 0\nudp dport ${FORBIDDEN_PORT} counter name forbidden\n}\n}`,
    );
    const attacker = host.spawnInGuest('ag-k2', process.execPath, '-e', flood);
    await once(attacker.stdout ?? attacker, 'data');
    const states = fc.sample(STATES, { numRuns: KILLS * 3 });
    const delays = fc.sample(fc.integer({ min: 0, max: 400 }), { numRuns: KILLS });
    for (const [index, delay] of delays.entries()) {
      const churn = states.slice(index * 3, index * 3 + 3);
      // Some die while they start, some in their first turn, some in the midst of changes.
      if (index % 3 > 0) await host.until('start', () => (host.said.includes('connected to the server') ? true : null));
      for (const state of churn) host.change(state);
      await new Promise((resolve) => setTimeout(resolve, index % 3 === 1 ? delay / 10 : delay));
      await host.stop('SIGKILL');
      host.said = '';
      host.forgetStatuses();
      host.start();
    }
    const revision = host.change(base);
    for (const n of PLUGGED) await host.status(portOf(n).id, (status) => status.state === 'up' && status.revision >= revision);
    expect(host.inGuest('ag-k2', 'ping', '-n', '-c', '3', '-i', '0.01', '-W', '1', portOf(1).ip)).toContain(' 0% packet loss');
    expect(host.exec('ip', 'route', 'show', 'proto', '80').trim().split('\n')).toHaveLength(PLUGGED.length);
    expect([host.countOf('dnsmasq'), arrived()]).toEqual([1, 0]);
    // The one that would be let in is seen: the counter counts.
    host.change(
      stateOf(SUBNET, policy('open', EGRESS, PING, { ...TCP_5000, id: 'rule-udp', protocol: 17, ports: null }), endpoint(1), endpoint(2)),
    );
    await host.until('the flood', () => (arrived() > 0 ? true : null));
    attacker.kill();
  },
  60_000 + KILLS * 5_000,
);
