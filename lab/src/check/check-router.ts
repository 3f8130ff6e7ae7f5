import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layoutOf, managementNamespace } from '../layout.js';
import { execIn, spawnIn } from '../namespace-exec.js';
import { patienceMs } from './reach.js';
import { within } from './within.js';

/** A router of the check's own: BIRD on the management network, where every host reaches it, with a session for each host that asks for one. */
export type CheckRouter = {
  readonly address: string;
  readonly asn: number;
  /** The hosts that it has a session with, sorted. */
  readonly sessions: () => Promise<readonly string[]>;
  /** The prefixes that it was told, each as `prefix host`, sorted. */
  readonly routes: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
};

/** What the router calls its session with a host: a letter first, and nothing but letters, digits and underscores (BIRD user's guide, 3.2). */
const protocolOf = (at: number): string => `h${at}`;

/** Starts it for hosts of this AS number and password; it answers when this resolves. */
export const startCheckRouter = async (
  hostNames: readonly string[],
  { asn, hostAsn, password }: { readonly asn: number; readonly hostAsn: number; readonly password: string },
): Promise<CheckRouter> => {
  const { hosts, management } = layoutOf(hostNames);
  const folder = await mkdtemp(join(tmpdir(), 'manx-check-bird-'));
  const [file, socket] = [join(folder, 'bird.conf'), join(folder, 'bird.ctl')];
  const session = (address: string, at: number): string =>
    `protocol bgp ${protocolOf(at)} { local ${management.serverAddress} as ${asn}; neighbor ${address} as ${hostAsn}; password "${password}";
  connect delay time 0; connect retry time 1; error wait time 1, 2; ipv4 { import all; export none; }; }`;
  const sessions = hosts.map(({ managementAddress }, at) => session(managementAddress, at));
  await writeFile(file, [`router id ${management.serverAddress};`, 'protocol device {}', ...sessions, ''].join('\n'), { mode: 0o600 });
  const child = spawnIn(managementNamespace, ['bird', '-f', '-c', file, '-s', socket], { stdio: 'ignore' });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const ask = async (command: string): Promise<string> => (await execIn(managementNamespace, ['birdc', '-s', socket, command])).stdout;
  const nameOf = (protocol: string): string => hostNames[Number(protocol.slice(1))] ?? protocol;
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await gone;
    await rm(folder, { recursive: true, force: true });
  };
  const isUp = await within(async () => (await ask('show status')).includes('Daemon is up'), patienceMs);
  if (isUp === null) {
    await close();
    throw new Error('the BIRD of the check did not start');
  }
  return {
    address: management.serverAddress,
    asn,
    sessions: async () => {
      const lines = (await ask('show protocols')).split('\n').filter((line) => /\bBGP\b.*\bEstablished\b/.test(line));
      return lines.map((line) => nameOf(line.split(' ')[0] ?? '')).sort();
    },
    routes: async () => {
      // A prefix stands in the first line of its routes alone.
      let prefix = '';
      return (await ask('show route all'))
        .split('\n')
        .flatMap((line) => {
          const [, named = '', protocol] = /^(\S+)?\s+unicast \[(\w+) /.exec(line) ?? [];
          prefix = named === '' ? prefix : named;
          return protocol === undefined ? [] : [`${prefix} ${nameOf(protocol)}`];
        })
        .sort();
    },
    close,
  };
};
