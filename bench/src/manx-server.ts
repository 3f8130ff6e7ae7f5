import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answersHttp, startBackgroundProgram } from './background-program.js';
import type { Cleanup } from './cleanup.js';
import { makeTempFolder } from './temp-folder.js';

const main = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));

const settings = `listen: {api: {address: 127.0.0.1, port: 0}, feed: {address: 127.0.0.1, port: 0}}
auth: {kind: none}
store: {kind: sqlite, path: store.db}
agents: {secret_file: secret}
`;

/** Starts our server with a durable store in a folder of its own, on loopback; resolves to its URL. The clean-up ends it. */
export const startManxServer = async (cleanup: Cleanup): Promise<string> => {
  const folder = await makeTempFolder('manx', cleanup);
  const log = join(folder, 'server.log');
  await Promise.all([
    writeFile(join(folder, 'server.yaml'), settings),
    writeFile(join(folder, 'secret'), 'nobody has to guess this one', { mode: 0o600 }),
  ]);
  let url = '';
  const isReady = async (): Promise<boolean> => {
    url = /API (http:\S+)/.exec(await readFile(log, 'utf8'))?.[1] ?? '';
    return url !== '' && (await answersHttp(`${url}/readyz`));
  };
  await startBackgroundProgram(
    { argv: [process.execPath, main, 'server', '--config', join(folder, 'server.yaml')], log, isReady },
    cleanup,
  );
  return url;
};
