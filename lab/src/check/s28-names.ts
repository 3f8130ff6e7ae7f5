import { layoutOf, managementNamespace } from '../layout.js';
import { execIn, spawnIn } from '../namespace-exec.js';
import type { CheckContext } from './context.js';
import type { Field, Guest } from './field.js';
import { type Row, row } from './row.js';
import { within } from './within.js';

const servers = { IPv4: '169.254.169.254', IPv6: 'fe80::a9fe:a9fe%eth0' } as const;
const domain = 'openstacklocal';
/** A name that the forwarder of the check knows, and its address. */
const elsewhere = { name: 'elsewhere.example', address: '192.0.2.99' } as const;

/** What dig finds, a line an answer; how it is refused, when there is none. */
const dig = async ({ netns }: Guest, server: string, ...question: readonly string[]): Promise<string> => {
  const { stdout, code } = await execIn(netns, ['dig', '+time=2', '+tries=1', '+noall', '+answer', '+comments', `@${server}`, ...question]);
  const answers = stdout.split('\n').filter((line) => /^[^;\s]/.test(line));
  const found = answers.map((line) => line.split(/\s+/).slice(4).join(' ')).sort();
  return found.join(' ') || (/status: ([A-Z]+)/.exec(stdout)?.[1] ?? `dig ended with ${code}`);
};

/** A guest gets a name by the API, and another finds its addresses, and the name of each of them, from the other host. */
const nameRows = async ({ near, far }: Field, { client }: CheckContext): Promise<readonly Row[]> => {
  await client.update('ports', 'port', { id: far.port_id, body: { dns_name: 'far' } });
  const name = `far.${domain}`;
  const ms = await within(async () => (await dig(near, servers.IPv4, name)) === far.v4);
  const change = row('S28', `far is named by the API: ${name} from near`, {
    saw: ms === null ? `${await dig(near, servers.IPv4, name)} after a second` : `${far.v4} after ${ms} ms`,
    ok: ms !== null,
  });
  const asked = await Promise.all(
    (Object.keys(servers) as (keyof typeof servers)[]).map(async (family) => {
      const ask = async (...question: readonly string[]): Promise<string> => await dig(near, servers[family], ...question);
      const [a, aaaa, ptr4, ptr6] = await Promise.all([ask(name, 'A'), ask(name, 'AAAA', '+tcp'), ask('-x', far.v4), ask('-x', far.v6)]);
      return row('S28', `A, AAAA by TCP, PTR of both addresses, asked over ${family}`, {
        saw: [a, aaaa, ptr4, ptr6].join(', '),
        ok: a === far.v4 && aaaa === far.v6 && ptr4 === `${name}.` && ptr6 === `${name}.`,
      });
    }),
  );
  return [change, ...asked];
};

/** Names of another network, and of another project, are unknown; their own are not. A name that says an address needs nobody to have it. */
const apartRow = async ({ near, tenant, stranger }: Field, { client }: CheckContext): Promise<Row> => {
  for (const [guest, dns_name] of [
    [tenant, 'tenant'],
    [stranger, 'stranger'],
  ] as const)
    await client.update('ports', 'port', { id: guest.port_id, body: { dns_name } });
  const own = async (): Promise<string> =>
    `${await dig(tenant, servers.IPv4, `tenant.${domain}`)} ${await dig(stranger, servers.IPv4, `stranger.${domain}`)}`;
  await within(async () => (await own()) === `${tenant.v4} ${stranger.v4}`);
  const [owned, network, project, back, made] = await Promise.all([
    own(),
    dig(near, servers.IPv4, `tenant.${domain}`),
    dig(near, servers.IPv4, `stranger.${domain}`),
    dig(stranger, servers.IPv4, `far.${domain}`),
    dig(near, servers.IPv4, `host-${near.v4.replaceAll('.', '-')}.${domain}`),
  ]);
  return row(
    'S28',
    'tenant and stranger by their own names; both from near, which is on another network, and far from stranger; near by its address',
    {
      saw: [owned, network, project, back, made].join(', '),
      ok: owned === `${tenant.v4} ${stranger.v4}` && [network, project, back].every((said) => said === 'NXDOMAIN') && made === near.v4,
    },
  );
};

/** A resolver of the operator's on the management network, which instances do not reach themselves. */
const withForwarder = async <T>({ lab }: Field, use: () => Promise<T>): Promise<T> => {
  const { serverAddress } = layoutOf(lab.hosts).management;
  const quiet = [
    '--keep-in-foreground',
    '--no-resolv',
    '--no-hosts',
    '--pid-file',
    '--conf-file=/dev/null',
    '--user=root',
    '--bind-interfaces',
  ];
  const own = [
    `--listen-address=${serverAddress}`,
    `--host-record=${elsewhere.name},${elsewhere.address}`,
    '--local=/#/',
    '--log-facility=-',
  ];
  const child = spawnIn(managementNamespace, ['dnsmasq', ...quiet, ...own]);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    await Promise.race([ended, new Promise<void>((resolve) => child.stderr?.once('data', () => resolve()))]);
    return await use();
  } finally {
    child.kill();
    await ended;
  }
};

const forwardedRow = async ({ near, lab }: Field): Promise<Row> => {
  const { serverAddress } = layoutOf(lab.hosts).management;
  const [found, none, direct] = await Promise.all([
    dig(near, servers.IPv4, elsewhere.name),
    dig(near, servers.IPv6, `nobody.${domain}`),
    dig(near, serverAddress, elsewhere.name),
  ]);
  return row('S28', `${elsewhere.name} and nobody.${domain}, which the host's forwarder is asked for, and the forwarder itself`, {
    saw: [found, none, direct].join(', '),
    ok: found === elsewhere.address && none === 'NXDOMAIN' && direct.startsWith('dig ended'),
  });
};

/** S28: names of ports, from the instance's own host. */
export const checkNames = async (field: Field, context: CheckContext): Promise<readonly Row[]> =>
  await withForwarder(field, async () => [
    ...(await nameRows(field, context)),
    ...(await Promise.all([apartRow(field, context), forwardedRow(field)])),
  ]);
