import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';

/**
 * The lab's stand-in for Nova's metadata service: believes a request by its signature alone, and answers with the identity that it was
 * given. `nova-metadata-main.js ADDRESS PORT SECRET_FILE`.
 */
const [, , address = '', port = '', secretFile = ''] = process.argv;
const secret = readFileSync(secretFile, 'utf8').trim();

const headerOf = (request: IncomingMessage, name: string): string => String(request.headers[name] ?? '');

const isSigned = (request: IncomingMessage): boolean => {
  const right = createHmac('sha256', secret).update(headerOf(request, 'x-instance-id')).digest('hex');
  const said = headerOf(request, 'x-instance-id-signature');
  return said.length === right.length && timingSafeEqual(Buffer.from(said), Buffer.from(right));
};

/** The tree that an instance may look at, as far as the lab knows it. */
const treeOf = (request: IncomingMessage): ReadonlyMap<string, string> => {
  const instance = headerOf(request, 'x-instance-id');
  const metadata = { uuid: instance, name: instance.replace(/^lab-/, ''), project_id: headerOf(request, 'x-tenant-id') };
  return new Map([
    ['/openstack/latest/meta_data.json', `${JSON.stringify(metadata)}\n`],
    ['/latest/meta-data/instance-id', instance],
    ['/latest/meta-data/local-ipv4', headerOf(request, 'x-forwarded-for')],
  ]);
};

createServer((request, response) => {
  if (!isSigned(request)) return void response.writeHead(403).end('the signature is wrong\n');
  const tree = treeOf(request);
  const found = tree.get(request.url ?? '');
  if (request.url === '/') return void response.end([...tree.keys()].map((path) => `${path}\n`).join(''));
  const text = found ?? 'not found\n';
  // Nova tells the length of what it says.
  const headers = { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(text) };
  response.writeHead(found === undefined ? 404 : 200, headers).end(text);
}).listen(Number(port), address, () => process.stdout.write('ready\n'));
