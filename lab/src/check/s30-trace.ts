import { hostNamespace } from '../layout.js';
import { execIn } from '../namespace-exec.js';
import type { CheckContext } from './context.js';
import type { Field } from './field.js';
import { echoPort } from './reach.js';
import { type Row, row } from './row.js';
import { agreesBothWays, countedAtLast, type Traced, tracedText, traceOf } from './trace-of.js';

const TCP = { protocol: 'tcp', port: echoPort } as const;

/** A table that is nobody's of ours, as a firewall of the host's would have it. */
const strangers = 'check-stranger';

/** S30: what is explained, tried with one packet: allowed, refused, and stopped by a rule that no explanation knows of. */
export const checkTrace = async ({ near, far, shy }: Field, { client }: CheckContext): Promise<Row[]> => {
  const allowed = await traceOf(client, { ...TCP, source: near.port_id, destination: far.port_id });
  const refused = await traceOf(client, { ...TCP, source: near.port_id, destination: shy.port_id, ip_version: 4 });
  const counted = refused.map(countedAtLast)[0] ?? null;
  const host = hostNamespace(far.host);
  const table = `table inet ${strangers} { chain f { type filter hook forward priority 10; policy accept; udp dport ${echoPort} drop; }; }`;
  await execIn(host, ['nft', table]);
  const udp = { source: near.port_id, destination: far.port_id, protocol: 'udp', port: echoPort, ip_version: 6 };
  const stopped = await attempted(host, async () => await traceOf(client, udp));
  const tables = await execIn(host, ['nft', 'list', 'tables']);
  return [
    row('S30', 'trace, near to far by TCP: one packet, and the answer to it', {
      saw: allowed.map(tracedText).join('; '),
      ok: allowed.length === 2 && allowed.every((one) => one.explanation.answer === 'allowed' && agreesBothWays(one)),
    }),
    row('S30', 'trace, near to shy, whose group lets in only its own', {
      saw: refused.map(tracedText).join('; '),
      ok: refused.length === 1 && refused.every((one) => one.verdict === 'agree' && tracedText(one).includes('(ingress-policy)')),
    }),
    row('S30', 'trace, near to shy, the counter of that drop', {
      saw: counted === null ? 'no counter' : `${counted.name}: packets ${counted.before} -> ${counted.after}`,
      ok: counted !== null && counted.name.startsWith('drop-ingress-policy tap') && counted.after > counted.before,
    }),
    row('S30', `trace, near to far by UDP, where a table of somebody else drops it on ${far.host}`, {
      saw: stopped.map(tracedText).join('; '),
      ok:
        stopped.length === 1 &&
        stopped.every((one) => one.verdict === 'disagree' && tracedText(one).includes(`table inet ${strangers}, chain f`)),
    }),
    row('S30', `the tables on ${far.host} after that`, {
      saw: tables.stdout.trim().split('\n').join(', '),
      ok: !tables.stdout.includes('manx-trace') && tables.stdout.includes('inet manx'),
    }),
  ];
};

/** A trace while the stranger's table is there, which goes whatever comes of it. */
const attempted = async (host: string, trace: () => Promise<readonly Traced[]>): Promise<readonly Traced[]> => {
  try {
    return await trace();
  } finally {
    await execIn(host, ['nft', 'delete', 'table', 'inet', strangers]);
  }
};
