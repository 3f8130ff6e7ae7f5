import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askBird } from './bird-control.js';
import { type BirdPort, openBird } from './open-bird.js';

const folder = mkdtempSync(join(tmpdir(), 'manx-t-bird-'));
const peerFile = join(folder, 'peer.conf');
const peerSocket = join(folder, 'peer.ctl');
const socket = join(folder, 'bird.ctl');

/** Two BIRDs on loopback, with ports of their own, that write no routes into the kernel. */
const session = (name: string, own: string, other: string, more: string): string =>
  `protocol bgp '${name}' { local ${own}; neighbor ${other}; multihop; connect delay time 0; connect retry time 1; ${more} }`;

const HOST = [
  'router id 127.0.0.1;',
  'protocol device { }',
  session(
    'peer-tor',
    '127.0.0.1 port 11791 as 65001',
    '127.0.0.2 port 11792 as 64600',
    'ipv4 { import all; import limit 3 action block; export none; };',
  ),
  '',
].join('\n');

const peerText = (routes: readonly string[]): string =>
  [
    'router id 127.0.0.2;',
    'protocol device { }',
    `protocol static { ipv4; ${routes.map((route) => `route ${route} blackhole;`).join(' ')} }`,
    session('h', '127.0.0.2 port 11792 as 64600', '127.0.0.1 port 11791 as 65001', 'ipv4 { import none; export all; };'),
    '',
  ].join('\n');

/** Resolves when it holds; an Error after 20 s. */
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (let turn = 0; turn < 400; turn++) {
    // BIRD that is not there yet does not answer.
    if (await holds().catch(() => false)) return;
    await sleep(50);
  }
  throw new Error('waited in vain for 20 s');
};

describe('BIRD with a peer that has announced too much', () => {
  let peer: ChildProcess;
  let bird: BirdPort;
  const announce = async (...routes: readonly string[]): Promise<void> => {
    writeFileSync(peerFile, peerText(routes));
    await askBird(peerSocket, 'configure');
  };
  const says = async (command: string, text: string): Promise<boolean> => (await askBird(socket, command)).lines.join('\n').includes(text);

  beforeAll(async () => {
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'run'));
    writeFileSync(peerFile, peerText([]));
    peer = spawn('bird', ['-f', '-c', peerFile, '-s', peerSocket], { stdio: 'ignore' });
    const command = ['bird', '-f', '-c', join(folder, 'run', 'bird', 'bird.conf'), '-s', socket] as const;
    bird = openBird(
      {
        runDir: join(folder, 'run'),
        controlSocket: socket,
        group: 'root',
        command,
        recoverCommand: command,
        checkCommand: (file) => ['bird', '-p', '-c', file],
      },
      { onUp: () => undefined, onDown: () => undefined },
    );
    await bird.change({ write: new Map([['bird.conf', HOST]]), remove: [] });
    await until(async () => (await bird.sessions())[0]?.state === 'Established');
  });
  afterAll(async () => {
    await bird.stop();
    peer.kill();
    rmSync(folder, { recursive: true });
  });

  it('says so, and learns again as soon as there is room', async () => {
    await announce('20.0.0.1/32', '20.0.0.2/32', '20.0.0.3/32', '20.0.0.4/32');
    await until(async () => (await bird.sessions())[0]?.state === 'Established, limit of 3 routes reached');
    expect(await bird.relearn()).toEqual([]);
    await announce();
    await until(() => says('show protocols all', 'Routes:         0 imported'));
    await announce('20.0.0.9/32');
    await until(async () => (await bird.relearn()).includes('peer-tor'));
    await until(() => says('show route', '20.0.0.9/32'));
    expect(await bird.sessions()).toEqual([{ name: 'peer-tor', state: 'Established' }]);
    expect(await bird.relearn()).toEqual([]);
  });
});
