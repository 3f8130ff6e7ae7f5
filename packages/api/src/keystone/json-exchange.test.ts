import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { createJsonExchange, type JsonExchange } from './json-exchange.js';
import { RemoteFault } from './remote-fault.js';

const run = promisify(execFile);
const opened: (() => void)[] = [];
afterEach(() => {
  for (const close of opened.splice(0)) close();
});

const serve = async (listener: RequestListener): Promise<{ url: string; server: Server }> => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
};
const exchange = (timeoutMs = 5_000): JsonExchange => {
  const made = createJsonExchange({ timeoutMs });
  opened.push(made.close);
  return made;
};
const faultOf = async (call: Promise<unknown>): Promise<RemoteFault> => {
  const fault: unknown = await call.catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(RemoteFault);
  return fault as RemoteFault;
};

describe('calls of other services', () => {
  it('send JSON and read JSON; an answer that is none has no body', async () => {
    const { url } = await serve((request, response) => {
      let text = '';
      request.on('data', (piece: Buffer) => (text += piece.toString()));
      request.on('end', () => response.writeHead(request.url === '/json' ? 201 : 502).end(request.url === '/json' ? text : '<html>'));
    });
    const { send } = exchange();
    expect(await send({ method: 'POST', url: `${url}/json`, body: { a: 'ü' } })).toMatchObject({ status: 201, body: { a: 'ü' } });
    expect(await send({ method: 'GET', url })).toMatchObject({ status: 502, body: undefined });
  });

  it('a kept connection that the other side has just closed is no failure', async () => {
    let requests = 0;
    const { url } = await serve((request, response) => {
      requests += 1;
      // Answers, then closes without having said so when the next request arrives on the same connection.
      if (requests === 2) request.socket.destroy();
      else response.end('{}');
    });
    const { send } = exchange();
    await send({ method: 'GET', url });
    expect(await send({ method: 'GET', url })).toMatchObject({ status: 200 });
    expect(requests).toBe(3);
  });

  it.each<[string, RequestListener, string]>([
    ['closes without an answer', (request) => void request.socket.destroy(), 'unreachable'],
    ['says nothing', () => undefined, 'timed-out'],
    [
      'stops in the middle',
      (_request, response) => void response.writeHead(200, { 'content-length': '9' }).write('{', () => response.destroy()),
      'unreachable',
    ],
    ['never ends', (_request, response) => void setInterval(() => response.write('x'), 20).unref(), 'timed-out'],
    ['answers megabytes', (_request, response) => void response.end('x'.repeat(5 * 1024 * 1024)), 'bad-answer'],
  ])('a service that %s is a fault with a code, without a secret in it', async (_title, listener, code) => {
    const { url } = await serve(listener);
    const call = exchange(300).send({
      method: 'POST',
      url: `${url}/v3?x=hunter2`,
      headers: { 'x-auth-token': 'hunter2' },
      body: { password: 'hunter2' },
    });
    const fault = await faultOf(call);
    expect(fault.code).toBe(code);
    expect(`${JSON.stringify(fault)} ${fault.stack}`).not.toContain('hunter2');
  });

  it('https: an authority that the operator names is trusted, any other is not', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'manx-exchange-'));
    opened.push(() => rmSync(folder, { recursive: true }));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=keystone', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1'];
    await run('openssl', [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      ...subject,
    ]);
    const ca = await readFile(cert, 'utf8');
    const server = createHttpsServer({ key: await readFile(key, 'utf8'), cert: ca }, (_request, response) => void response.end('{}'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    opened.push(() => server.close());
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const trusting = createJsonExchange({ ca });
    opened.push(trusting.close);
    expect(await trusting.send({ method: 'GET', url })).toMatchObject({ status: 200 });
    expect(await faultOf(exchange().send({ method: 'GET', url }))).toMatchObject({
      code: 'unreachable',
      errno: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
  });

  it('a service that is not there is a fault with its errno', async () => {
    const { url, server } = await serve(() => undefined);
    server.close();
    await once(server, 'close');
    expect(await faultOf(exchange().send({ method: 'GET', url }))).toMatchObject({ code: 'unreachable', errno: 'ECONNREFUSED' });
  });
});
