import { execIn } from '../namespace-exec.js';
import type { CheckContext } from './context.js';
import type { Field, Guest } from './field.js';
import { type Row, row } from './row.js';

const bases = { IPv4: 'http://169.254.169.254', IPv6: 'http://[fe80::a9fe:a9fe%25eth0]' } as const;

/** What a guest is told that it is; what curl says when it gets nothing. */
const ask = async (guest: Guest, base: string, headers: readonly string[] = []): Promise<string> => {
  const lies = headers.flatMap((header) => ['-H', header]);
  const { stdout, code } = await execIn(guest.netns, ['curl', '-g', '-s', '-m', '5', ...lies, `${base}/openstack/latest/meta_data.json`]);
  return code === 0 ? stdout.trim() : `curl ended with ${code}`;
};

/** Who Nova says that the guest is, in each family. */
const identityRow = async (guest: Guest, family: keyof typeof bases, project: string): Promise<Row> => {
  const said = await ask(guest, bases[family]);
  const wanted = JSON.stringify({ uuid: `lab-${guest.name}`, name: guest.name, project_id: project });
  return row('S27', `metadata of ${guest.name} over ${family}: Nova's service believes its host's signature`, {
    saw: said,
    ok: said === wanted,
  });
};

/** An instance that claims another's identity gets its own. */
const forgeryRow = async (guest: Guest, victim: Guest): Promise<Row> => {
  const honest = await ask(guest, bases.IPv4);
  const said = await ask(guest, bases.IPv4, [`X-Instance-ID: lab-${victim.name}`, 'X-Tenant-ID: victim', `X-Forwarded-For: ${victim.v4}`]);
  return row('S27', `${guest.name} says in headers that it is ${victim.name}`, {
    saw: said,
    ok: said === honest && said.includes(guest.name),
  });
};

/** S27: metadata, from the instance's own host, in the instance's own name. */
export const checkMetadata = async ({ near, far, tenant }: Field, { client }: CheckContext): Promise<readonly Row[]> => {
  const projectOf = async ({ port_id }: Guest): Promise<string> => String((await client.show('ports', port_id))['project_id']);
  const identities = [near, far, tenant].flatMap((guest) =>
    (['IPv4', 'IPv6'] as const).map(async (family) => await identityRow(guest, family, await projectOf(guest))),
  );
  return [...(await Promise.all(identities)), await forgeryRow(near, far)];
};
