import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { TestHost } from './testing/test-host.js';
import { EGRESS, endpoint, GATEWAY, PING, policy, portOf, SUBNET, stateOf, TCP_5000 } from './testing/test-states.js';
import { withoutFilled } from './testing/without-filled.js';

const OPEN = policy('open', EGRESS, PING, TCP_5000);
const both = stateOf(SUBNET, OPEN, endpoint(1), endpoint(2));
const isUp = ({ state }: { readonly state: string }): boolean => state === 'up';
const guest = (n: number): { name: string; tap: string; mac: string; ip: string; gateway: string } => ({
  ...portOf(n),
  name: `ag-g${n}`,
  gateway: GATEWAY,
});

/** The program as people start it. */
const MANX = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url));
const BGP = 'bgp: {asn: 65001, router_id: 198.18.0.9, peers: [{name: tor1, address: 127.0.0.9, asn: 64600}]}\n';
const host = new TestHost('ag-host', both, `${BGP}physical_networks: [rack2, rack1]\n`);
const ping = (n: number, to: number, count = 1): string =>
  host.inGuest(`ag-g${n}`, 'ping', '-n', '-c', String(count), '-i', '0.01', '-W', '1', portOf(to).ip);
const succeeds = (what: () => unknown): boolean => {
  try {
    what();
    return true;
  } catch {
    return false;
  }
};
const pingFails = (n: number, to: number): boolean => !succeeds(() => ping(n, to));

afterAll(() => host.remove());

describe('an agent on a real kernel', () => {
  it('S20: on a host that has just booted taps are shut before any state is known, and nothing else is written', async () => {
    host.plug(guest(1));
    host.exec('ip', 'address', 'add', `${GATEWAY}/24`, 'dev', portOf(1).tap);
    const reaches = (): boolean => succeeds(() => host.inGuest('ag-g1', 'ping', '-n', '-c', '1', '-W', '1', GATEWAY));
    expect(reaches()).toBe(true);
    const look = (): string => host.exec('ip', 'route') + host.exec('ip', 'address').replaceAll(' tentative', '');
    const before = look();
    host.start();
    await host.until('guard', () => (host.said.includes('taps are shut') ? true : null));
    expect(reaches()).toBe(false);
    expect(look()).toBe(before);
    expect(host.exec('sysctl', '-n', 'net.ipv4.ip_forward').trim()).toBe('0');
    host.exec('nft', 'flush', 'ruleset');
    host.exec('ip', 'neigh', 'flush', 'all');
    await host.until('guard', () => (host.exec('nft', 'list', 'tables').includes('inet manx') ? true : null));
    expect(reaches()).toBe(false);
  });

  it('S20: rules that an earlier agent left are not touched before the first state is known', async () => {
    await host.stop('SIGKILL');
    host.exec('nft', 'delete table arp manx; flush table inet manx');
    // But for what is counted meanwhile, and whose the tables are: the next agent holds what the last one left.
    const look = (): string =>
      withoutFilled(host.exec('nft', 'list', 'ruleset')).replaceAll(/^(table \S+ \S+) .*\n(\tflags.*\n)?/gm, '$1\n');
    const left = look();
    host.said = '';
    host.start();
    await host.until('attempts', () => (host.said.split('the server is away').length > 3 ? true : null));
    expect(look()).toBe(left);
    host.exec('nft', 'flush', 'ruleset');
    host.exec('ip', 'address', 'flush', 'dev', portOf(1).tap);
  });

  it('S20: a tap that appears after its port is known becomes up, and carries traffic', async () => {
    await host.serve();
    await host.status(portOf(1).id, isUp);
    expect((await host.status(portOf(2).id, () => true)).state).toBe('down');
    host.plug(guest(2));
    await host.status(portOf(2).id, isUp);
    expect(ping(1, 2, 3)).toContain(' 0% packet loss');
  });

  it('S26: dnsmasq runs on the files of the state', async () => {
    await host.until('dnsmasq', () => (existsSync(join(host.folder, 'run/dnsmasq.pid')) ? true : null));
    expect(readdirSync(join(host.folder, 'run/dnsmasq')).sort()).toEqual(['dnsmasq.conf', 'hosts', 'options']);
  });

  it('BIRD runs on the settings, and its sessions and the host’s physical networks are reported', async () => {
    const agent = await host.until('sessions', () => (host.agent !== null && host.agent.bgp.length > 0 ? host.agent : null));
    expect(agent.bgp[0]?.name).toBe('peer-tor1');
    expect(agent.physicalNetworks).toEqual(['rack1', 'rack2']);
    expect(agent.bgp[0]?.state).not.toBe('Established');
  });

  it('S20: an unknown tap passes nothing', () => {
    host.plug(guest(3));
    // Nothing but the host's rules is in the way: the guest knows the host's MAC without asking for it.
    const { address } = (
      JSON.parse(host.exec('ip', '-j', 'link', 'show', portOf(3).tap)) as readonly { readonly address: string }[]
    )[0] ?? { address: '' };
    host.inGuest('ag-g3', 'ip', 'neigh', 'add', GATEWAY, 'lladdr', address, 'dev', 'eth0');
    const heard = (n: number): number =>
      Number(/packets (\d+)/.exec(host.inGuest('ag-g1', 'nft', 'list', 'counter', 'ip', 't', `from${n}`))?.[1]);
    const count = (n: number): string => `ip saddr ${portOf(n).ip} counter name from${n}`;
    host.inGuest(
      'ag-g1',
      'nft',
      `table ip t { counter from2 { }\ncounter from3 { }\nchain c { type filter hook input priority 0\n${count(2)}\n${count(3)}\n}\n}`,
    );
    ping(2, 1);
    expect(pingFails(3, 1)).toBe(true);
    expect([heard(2), heard(3)]).toEqual([1, 0]);
  });

  it('S20: an agent killed with -9 and started again loses no packet, and adopts dnsmasq and BIRD', async () => {
    const pids = (): string => host.exec('cat', join(host.folder, 'run/dnsmasq.pid'), join(host.folder, 'run/bird.pid'));
    const before = pids();
    const probe = host.spawnInGuest('ag-g1', 'ping', '-n', '-q', '-i', '0.002', '-c', '1500', portOf(2).ip);
    let said = '';
    probe.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = once(probe, 'exit');
    await host.stop('SIGKILL');
    host.forgetStatuses();
    host.start();
    await host.status(portOf(2).id, isUp);
    await ended;
    expect(said).toContain(' 0% packet loss');
    expect(pids()).toBe(before);
  });

  it('S20: a second agent on the host refuses, and changes nothing', () => {
    const { status, said } = host.once('run');
    expect(status).toBe(1);
    expect(said).toContain('another agent runs');
  });

  it('a tap that is made anew under its old name is programmed at once', async () => {
    host.exec('ip', 'link', 'delete', portOf(2).tap);
    await host.status(portOf(2).id, ({ state }) => state === 'down');
    host.plug(guest(2));
    await host.status(portOf(2).id, isUp);
    expect(ping(1, 2)).toContain(' 0% packet loss');
  });

  it('S16: a rule that goes cuts the established flow, and leaves others', async () => {
    const server = host.spawnInGuest(
      'ag-g2',
      process.execPath,
      '-e',
      'require("net").createServer((s) => s.pipe(s)).listen(5000, () => console.log("on"))',
    );
    await once(server.stdout ?? server, 'data');
    const script = `const s = require("net").connect(5000, "${portOf(2).ip}"); let n = 0; s.on("data", () => { n += 1; console.log("echo " + n); }); setInterval(() => s.write("x"), 20);`;
    const client = host.spawnInGuest('ag-g1', process.execPath, '-e', script);
    let echoes = 0;
    let onEcho = (): void => undefined;
    client.stdout?.on('data', () => {
      echoes += 1;
      onEcho();
    });
    await new Promise<void>((resolve) => (onEcho = resolve));
    const revision = host.change(stateOf(SUBNET, policy('open', EGRESS, PING), endpoint(1), endpoint(2)));
    await host.until('cut', () => (host.said.includes('cut flows') ? true : null));
    const seen = echoes;
    // Longer than ten writes of the client; its retransmissions count as tries too.
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(echoes - seen).toBeLessThanOrEqual(1);
    expect(ping(1, 2)).toContain(' 0% packet loss');
    expect(revision).toBeGreaterThan(1);
    client.kill();
    server.kill();
    host.change(both);
  });

  it('S20: rules, routes and addresses removed by others are put back', async () => {
    host.exec('nft', 'flush', 'ruleset');
    // Linux 6.9 and later: nothing was open in between.
    const tables = ['table arp manx', 'table inet manx', 'table ip manx', 'table ip6 manx', 'table netdev manx'];
    expect(host.exec('nft', 'list', 'tables').trim().split('\n').sort()).toEqual(tables);
    host.exec('ip', 'route', 'delete', portOf(2).ip);
    host.exec('ip', 'neigh', 'delete', portOf(2).ip, 'dev', portOf(2).tap);
    await host.until('repair', () => (host.exec('ip', 'route', 'show', 'proto', '80').includes(portOf(2).ip) ? true : null));
    await host.until('repair', () => (host.exec('nft', 'list', 'tables').includes('inet manx') ? true : null));
    expect(ping(1, 2)).toContain(' 0% packet loss');
  });

  it('S20: SIGTERM leaves the host as it is; an agent that starts while the server is away works by its copy', async () => {
    expect(await host.stop('SIGTERM')).toBe(0);
    expect(ping(1, 2)).toContain(' 0% packet loss');
    await host.leave();
    host.exec('ip', 'link', 'delete', portOf(2).tap);
    host.start();
    host.plug(guest(2));
    // The guest, which has just come, asks for its gateway once a second.
    await host.until('an answer', () => (succeeds(() => ping(1, 2)) ? true : null));
    host.forgetStatuses();
    await host.serve();
    await host.status(portOf(2).id, isUp);
  });

  it('clean-up refuses while an agent runs, then removes all that is ours and nothing else, without a server', async () => {
    expect(host.once('cleanup').said).toContain('another agent runs');
    await host.stop('SIGTERM');
    await host.leave();
    const theirs =
      'add table inet theirs; add chain inet theirs c { type filter hook forward priority 5; }; add rule inet theirs c counter';
    host.exec('nft', theirs);
    host.exec('ip', 'address', 'add', '192.0.2.77/32', 'dev', 'lo');
    host.exec('ip', 'route', 'add', '203.0.113.9/32', 'dev', portOf(3).tap);
    host.exec('ip', 'neigh', 'add', '203.0.113.9', 'lladdr', '02:00:00:00:00:09', 'nud', 'permanent', 'dev', portOf(3).tap);
    writeFileSync(join(host.folder, 'state/note.txt'), 'of somebody else');
    const other = spawn('ip', ['netns', 'exec', host.netns, 'dnsmasq', '-k', '--port=0', '--conf-file=/dev/null', '--pid-file']);
    await once(other, 'spawn');
    const manx = (): string => host.exec(process.execPath, MANX, 'agent', '--cleanup', '--config', host.config);
    const said = manx();
    for (const line of [
      'stop dnsmasq',
      'stop bird',
      'delete route',
      'delete neighbour',
      'apply nft',
      'write sysctl net/ipv4/ip_forward = 0',
    ])
      expect(said).toContain(line);
    expect(host.exec('nft', 'list', 'ruleset')).toMatch(/^table inet theirs \{\n\tchain c \{[^}]*counter[^}]*\}\n\}\n$/);
    expect(host.exec('ip', 'route').trim()).toBe(`203.0.113.9 dev ${portOf(3).tap} scope link`);
    expect(host.exec('ip', '-6', 'route')).not.toContain('proto 80');
    expect(host.exec('ip', 'neigh', 'show', 'nud', 'permanent').trim()).toMatch(
      /^203\.0\.113\.9 \S+ \S+ lladdr 02:00:00:00:00:09 PERMANENT$/,
    );
    const addresses = host.exec('ip', '-br', 'address');
    expect(addresses).toContain('192.0.2.77/32');
    // Taps that were ours have no address any more, and no way through.
    for (const n of [1, 2]) expect(addresses.split('\n').find((line) => line.startsWith(portOf(n).tap))).not.toMatch(/[.:]\S*\/\d/);
    for (const path of ['ipv4.ip_forward', `ipv4.conf.${portOf(1).tap}.forwarding`, `ipv4.conf.${portOf(1).tap}.proxy_arp`])
      expect(host.exec('sysctl', '-n', `net.${path}`).trim()).toBe('0');
    expect(existsSync(join(host.folder, 'run'))).toBe(false);
    expect(readdirSync(join(host.folder, 'state'))).toEqual(['note.txt']);
    expect([host.countOf('dnsmasq'), host.countOf('bird')]).toEqual([1, 0]);
    const before = host.exec('nft', 'list', 'ruleset') + host.exec('ip', 'address') + host.exec('ip', 'route');
    expect(manx()).toBe('nothing of ours was here\n');
    expect(host.exec('nft', 'list', 'ruleset') + host.exec('ip', 'address') + host.exec('ip', 'route')).toBe(before);
    other.kill();
  });
});
