import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeTestNetns, type TestNetns } from '../../testing/test-netns.js';

/** A machine with BIRD in a namespace of its own. */
export type BirdBox = {
  readonly netns: TestNetns;
  readonly directory: string;
  readonly controlSocket: string;
  /** Writes `bird.conf` and starts BIRD with this command; resolves when it takes commands. */
  start(text: string, command?: readonly string[]): Promise<void>;
  configure(text: string): string;
  ask(command: string): string;
  /** Ends BIRD and resolves when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Resolves with what `ip route show` says of the destination (or of `proto bird`, for instance) when it is as wanted; an Error after 20 s. */
  untilRoutes(destination: string, wanted: (text: string) => boolean): Promise<string>;
  /** Resolves with BIRD's answer when it is as wanted; an Error after 20 s. */
  untilSaid(command: string, wanted: (text: string) => boolean): Promise<string>;
  /** Pings 1,000 times a second from now on. */
  ping(address: string): Ping;
  /** Listens to changes of routes from now on; the result tells what was heard so far. */
  watchRoutes(): Promise<() => string>;
};

/** `answered` resolves with the next answer; `end` with how many were lost before the last answer. */
export type Ping = {
  answered(): Promise<void>;
  end(): Promise<{ readonly lost: number }>;
};

/** Namespaces joined by links with an IPv4 /30 and an IPv6 /64 each. */
export type BirdLab = {
  readonly box: (name: string) => BirdBox;
  /** Joins two boxes; the link `N` has 198.18.N.1 and fd00:198:18:N::1 on the first, `.2` and `::2` on the second. */
  link(first: BirdBox, second: BirdBox, n: number): void;
  close(): Promise<void>;
};

/** Makes an empty lab. Needs root. */
export function makeBirdLab(name: string): BirdLab {
  const root = mkdtempSync(join(tmpdir(), `manx-t-${name}-`));
  chmodSync(root, 0o755);
  const boxes: BirdBox[] = [];
  return {
    box: (box) => {
      const made = makeBox(makeTestNetns(`${name}-${box}`), join(root, box));
      boxes.push(made);
      return made;
    },
    link: (first, second, n) => {
      const [a, b] = [`up${n}`, `up${n}`];
      must(['-n', first.netns.name, 'link', 'add', a, 'type', 'veth', 'peer', 'name', b, 'netns', second.netns.name]);
      for (const [box, end] of [
        [first, 1],
        [second, 2],
      ] as const) {
        must(['-n', box.netns.name, 'addr', 'add', `198.18.${n}.${end}/30`, 'dev', a]);
        must(['-n', box.netns.name, 'addr', 'add', `fd00:198:18:${n}::${end}/64`, 'dev', a, 'nodad']);
        must(['-n', box.netns.name, 'link', 'set', a, 'up']);
      }
    },
    close: async () => {
      for (const box of boxes) await box.stop();
      for (const box of boxes) box.netns.remove();
      rmSync(root, { recursive: true });
    },
  };
}

function makeBox(netns: TestNetns, directory: string): BirdBox {
  mkdirSync(directory, { mode: 0o755 });
  netns.run(['sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
  // A tap with nobody behind it, to hang routes on.
  must(['-n', netns.name, 'link', 'add', 'tapx', 'type', 'veth', 'peer', 'name', 'guest']);
  for (const end of ['tapx', 'guest']) must(['-n', netns.name, 'link', 'set', end, 'up']);
  const controlSocket = join(directory, 'bird.ctl');
  const file = join(directory, 'bird.conf');
  const standard = ['bird', '-f', '-u', 'bird', '-g', 'bird', '-c', file, '-s', controlSocket];
  const monitors: ChildProcess[] = [];
  let running: ChildProcess | null = null;
  const ask = (command: string): string => spawnSync('birdc', ['-s', controlSocket, command], { encoding: 'utf8' }).stdout;
  return {
    netns,
    directory,
    controlSocket,
    ask,
    start: async (text, command = standard) => {
      writeFileSync(file, text, { mode: 0o644 });
      const child = spawn('ip', ['netns', 'exec', netns.name, ...command], { stdio: ['ignore', 'ignore', 'pipe'] });
      running = child;
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      // BIRD says nothing when it is ready: wait for its socket to answer.
      for await (const _ of lookEvery(20)) {
        if (child.exitCode !== null) throw new Error(`bird ended: ${said}`);
        if (ask('show status').includes('Daemon is up')) return;
      }
    },
    configure: (text) => {
      writeFileSync(file, text, { mode: 0o644 });
      return ask('configure');
    },
    stop: async (signal = 'SIGTERM') => {
      const child = running;
      running = null;
      if (signal === 'SIGTERM') for (const monitor of monitors) monitor.kill();
      if (child === null || child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    },
    untilRoutes: (destination, wanted) => untilRoutes(netns, destination, wanted),
    untilSaid: async (command, wanted) => {
      for await (const _ of lookEvery(20)) {
        const text = ask(command);
        if (wanted(text)) return text;
      }
      throw new Error('unreachable');
    },
    ping: (address) => startPing(netns, address),
    watchRoutes: () => {
      const monitor = spawn('ip', ['-n', netns.name, 'monitor', 'route'], { stdio: ['ignore', 'pipe', 'ignore'] });
      monitors.push(monitor);
      return listen(netns, monitor.stdout);
    },
  };
}

function startPing(netns: TestNetns, address: string): Ping {
  const child = spawn('ip', ['netns', 'exec', netns.name, 'ping', '-n', '-i', '0.001', address], { stdio: ['ignore', 'pipe', 'ignore'] });
  const output = child.stdout;
  let said = '';
  output.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const closed = once(child, 'close');
  return {
    answered: async () => {
      await once(output, 'data', { signal: AbortSignal.timeout(20_000) });
    },
    end: async () => {
      child.kill('SIGINT');
      await closed;
      const numbers = new Set([...said.matchAll(/icmp_seq=(\d+) ttl=/g)].map(([, n]) => Number(n)));
      return { lost: Math.max(0, ...numbers) - numbers.size };
    },
  };
}

async function listen(netns: TestNetns, output: Readable): Promise<() => string> {
  let heard = '';
  output.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  // `ip monitor` does not say when it listens: make changes until it tells of one.
  const mark = '192.0.2.99';
  for await (const _ of lookEvery(20)) {
    if (heard.includes(`Deleted ${mark}`)) break;
    for (const verb of ['add', 'del']) must(['-n', netns.name, 'route', verb, mark, 'dev', 'tapx']);
  }
  return () =>
    heard
      .split('\n')
      .filter((line) => !line.includes(mark))
      .join('\n');
}

async function untilRoutes(netns: TestNetns, destination: string, wanted: (text: string) => boolean): Promise<string> {
  const family = destination.includes(':') ? '-6' : '-4';
  for await (const _ of lookEvery(20)) {
    const text = netns.run(['ip', family, 'route', 'show', ...destination.split(' ')]).stdout;
    if (wanted(text)) return text;
  }
  throw new Error('unreachable');
}

/** Turns, this far apart, for 20 s; then an Error. */
async function* lookEvery(ms: number): AsyncGenerator<void> {
  for (let turn = 0; turn * ms < 20_000; turn++) {
    yield;
    await sleep(ms);
  }
  throw new Error('waited in vain for 20 s');
}

function must(args: readonly string[]): void {
  const done = spawnSync('ip', args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`ip ${args.join(' ')}: ${done.stderr}`);
}
