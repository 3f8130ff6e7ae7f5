import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Endpoint, type HostState, hostSideMac } from '@manx/hoststate';
import { familyOf, hostCidr, linkLocalFor, type Mac } from '@manx/ip';
import type { ProgramPlan } from '../../host-plan.js';
import { makeTestNetns, type TestNetns } from '../../testing/test-netns.js';
import { dhcpTapAddresses } from '../dhcp-tap-addresses.js';
import { type DnsmasqChange, dnsmasqChange } from '../dnsmasq-change.js';
import { dnsmasqCommand, dnsmasqReadyLine } from '../dnsmasq-command.js';
import type { DnsmasqSettings } from '../dnsmasq-settings.js';
import { renderDnsmasq } from '../render-dnsmasq.js';

/** Prints what a DHCP client was given, and leaves the rest of the machine alone; DHCPv6 clients are ended once they know. */
const SCRIPT = `#!/bin/sh
case "$1$reason" in
  bound|renew) env | sed 's/^/GIVEN /'; echo "EVENT $1" ;;
  BOUND6|RENEW6) env | sed 's/^/GIVEN /'; kill $PPID ;;
esac
`;

/** What a client was given, by the name its script knows it under; null when it was given nothing. */
export type Given = ReadonlyMap<string, string> | null;

/** A host with dnsmasq and taps as the agent makes them, and guests with real DHCP clients, each in a namespace of its own. */
export type DhcpLab = {
  readonly host: TestNetns;
  /** The guest's end of an endpoint's tap is `eth0` in this namespace; made at the first call, with the endpoint's MAC. */
  guest(endpoint: Endpoint): TestNetns;
  setMac(guest: TestNetns, mac: string): void;
  /** Writes the files of this state, does to dnsmasq what the change takes, and resolves when it has read them. */
  apply(state: HostState): Promise<DnsmasqChange>;
  pid(): number | undefined;
  lease(guest: TestNetns): Given;
  lease6(guest: TestNetns, args?: readonly string[]): Given;
  readonly script: string;
  close(): Promise<void>;
};

/** Makes the host's namespace; the names of all begin with `manx-t-NAME`. Needs root. */
export function makeDhcpLab(name: string): DhcpLab {
  const directory = mkdtempSync(join(tmpdir(), `manx-t-${name}-`));
  chmodSync(directory, 0o755);
  const settings: DnsmasqSettings = {
    directory,
    user: 'nobody',
    group: 'nogroup',
    domain: 'openstacklocal',
    leaseSeconds: 86_400,
    hasMetadata: false,
    hasDns: false,
  };
  const script = join(directory, 'client.sh');
  writeFileSync(script, SCRIPT, { mode: 0o755 });
  const clientSettings = join(directory, 'dhclient.conf');
  writeFileSync(clientSettings, 'also request dhcp6.bootfile-url;\n');
  const host = makeTestNetns(`${name}-h`);
  host.run(['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
  const guests = new Map<string, TestNetns>();
  let running: ChildProcess | null = null;
  let before: ProgramPlan | null = null;

  const guest = (endpoint: Endpoint): TestNetns => {
    const known = guests.get(endpoint.id);
    if (known !== undefined) return known;
    const made = makeTestNetns(`${name}-g${guests.size}`);
    guests.set(endpoint.id, made);
    plugIn(host, made, endpoint);
    return made;
  };
  return {
    host,
    guest,
    script,
    pid: () => running?.pid,
    setMac: (at, mac) => {
      at.run(['ip', 'link', 'set', 'eth0', 'down']);
      at.run(['ip', 'link', 'set', 'eth0', 'address', mac, 'up']);
    },
    apply: async (state) => {
      for (const endpoint of state.endpoints.values()) setAddresses(host, state, endpoint);
      const after = renderDnsmasq(state, settings);
      const change = dnsmasqChange(before, after);
      before = after;
      for (const [file, text] of after.files) writeFileSync(join(directory, file), text, { mode: 0o644 });
      if (change === 'sighup' && running !== null) {
        const read = nextReady(running, settings);
        running.kill('SIGHUP');
        await read;
      } else if (change === 'replace') {
        const old = running;
        running = spawn('ip', ['netns', 'exec', host.name, ...dnsmasqCommand(settings)], { stdio: ['ignore', 'ignore', 'pipe'] });
        await nextReady(running, settings);
        await end(old);
      }
      return change;
    },
    lease: (at) => {
      const options = ['121', '249', '66', '67', '119', '224', 'mtu', 'hostname', 'domain', 'broadcast', 'dns', 'router', 'subnet'].flatMap(
        (option) => ['-O', option],
      );
      const done = at.run(['udhcpc', '-i', 'eth0', '-f', '-q', '-n', '-t', '2', '-T', '1', '-A', '1', '-s', script, ...options], {
        mayFail: true,
      });
      return given(done.stdout);
    },
    lease6: (at, args = []) => {
      const files = ['-lf', join(directory, 'leases6'), '-pf', join(directory, 'pid6'), '-cf', clientSettings];
      rmSync(join(directory, 'leases6'), { force: true });
      const done = at.run(['timeout', '8', 'dhclient', '-6', '-1', '-d', ...args, '-sf', script, ...files, 'eth0'], { mayFail: true });
      return given(done.stdout + done.stderr);
    },
    close: async () => {
      await end(running);
      for (const made of [...guests.values(), host]) made.remove();
      rmSync(directory, { recursive: true });
    },
  };
}

/** A tap as Nova and the agent make it; addresses come with the state. */
function plugIn(host: TestNetns, guest: TestNetns, { ifname, mac }: Endpoint): void {
  const hostMac: Mac = hostSideMac(mac);
  spawnSync('ip', [
    '-n',
    host.name,
    'link',
    'add',
    ifname,
    'address',
    hostMac,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'address',
    mac,
    'netns',
    guest.name,
  ]);
  const keys = [`net.ipv4.conf.${ifname}.proxy_arp=1`, `net.ipv6.conf.${ifname}.addr_gen_mode=1`, `net.ipv6.conf.${ifname}.accept_ra=0`];
  host.run(['sysctl', '-qw', ...keys]);
  guest.run(['sysctl', '-qw', 'net.ipv6.conf.eth0.accept_dad=0', 'net.ipv6.conf.eth0.router_solicitation_delay=0']);
  host.run(['ip', 'link', 'set', ifname, 'up']);
  host.run(['ip', 'addr', 'add', `${linkLocalFor(hostMac)}/64`, 'dev', ifname, 'nodad']);
  guest.run(['ip', 'link', 'set', 'eth0', 'up']);
}

function setAddresses(host: TestNetns, state: HostState, endpoint: Endpoint): void {
  if (host.run(['ip', 'link', 'show', endpoint.ifname], { mayFail: true }).status !== 0) return;
  const gateways = endpoint.addresses.flatMap(({ ip, subnet }) => (familyOf(ip) === 4 ? (state.subnets.get(subnet)?.gateway ?? []) : []));
  const wanted = [...gateways.map((ip) => ({ ip, prefixLength: 32 })), ...dhcpTapAddresses(state, endpoint, gateways)];
  host.run(['ip', '-4', 'addr', 'flush', 'dev', endpoint.ifname]);
  host.run(['ip', '-6', 'addr', 'flush', 'dev', endpoint.ifname, 'scope', 'global']);
  for (const { ip, prefixLength } of wanted) {
    const flags = familyOf(ip) === 6 ? ['nodad', 'noprefixroute'] : [];
    host.run(['ip', 'addr', 'replace', `${ip}/${prefixLength}`, 'dev', endpoint.ifname, ...flags]);
  }
  for (const { ip } of endpoint.addresses) host.run(['ip', 'route', 'replace', hostCidr(ip), 'dev', endpoint.ifname, 'proto', '80']);
}

function given(output: string): Given {
  const pairs = [...output.matchAll(/^GIVEN (\w+)=(.*)$/gm)].map(([, name, value]) => [name ?? '', value ?? ''] as const);
  return pairs.length === 0 ? null : new Map(pairs);
}

async function nextReady(child: ChildProcess, settings: DnsmasqSettings): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      if (!said.includes(dnsmasqReadyLine(settings))) return;
      child.stderr?.off('data', hear);
      resolve();
    };
    child.stderr?.on('data', hear);
    child.once('exit', (code, signal) => {
      reject(new Error(`dnsmasq ended (${code ?? signal}): ${said}`));
    });
  });
}

async function end(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill();
  await exit;
}
