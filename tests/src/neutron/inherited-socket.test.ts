import { describe, expect, it } from 'vitest';
import { clientOf } from './client.js';
import { makeServerFolder, startServerProcess } from './server-process.js';

/** Opens a listening socket as file descriptor 3 and becomes the server, as `systemd` and the lab do it. */
const OPEN_SOCKET = `
import os, socket, sys
listener = socket.create_server((sys.argv[1], 0))
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.execv(sys.argv[2], sys.argv[2:])
`;

const openedOn = (address: string): readonly string[] => ['python3', '-c', OPEN_SOCKET, address];

describe('a socket that another program opened', () => {
  it('serves the API', async () => {
    const folder = await makeServerFolder({ api: '{fd: 3}' });
    const child = await startServerProcess(folder, openedOn('127.0.0.1'));
    expect(child.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await clientOf(child.url).make('networks', { name: 'n' })).toMatchObject({ name: 'n' });
    expect(await child.end('SIGTERM')).toBe(0);
    await folder.remove();
  });

  it('is refused when it is open to more than this machine and auth is none', async () => {
    const folder = await makeServerFolder({ api: '{fd: 3}' });
    await expect(startServerProcess(folder, openedOn('0.0.0.0'))).rejects.toThrow(
      /only possible on a loopback address; http:\/\/0\.0\.0\.0:\d+ is not one/,
    );
    await folder.remove();
  });
});
