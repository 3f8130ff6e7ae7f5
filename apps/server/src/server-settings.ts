import { dirname, resolve } from 'node:path';
import { parseIp } from '@manx/ip';
import { readSettings, type TextFormats } from '@manx/settings';
import { type Static, Type } from 'typebox';

const exact = { additionalProperties: false } as const;

const formats: TextFormats = {
  'ip-address': { check: (text) => parseIp(text) !== null, says: 'an IP address such as 127.0.0.1 or ::1' },
};

const port = Type.Integer({ minimum: 0, maximum: 65535, description: '0: any free port' });
const socket = Type.Object({ address: Type.String({ format: 'ip-address' }), port }, exact);
const inherited = Type.Object(
  { fd: Type.Integer({ minimum: 3, description: 'a listening socket that the parent process opened' }) },
  exact,
);

/** The schema of `server.yaml`. */
const SERVER_SETTINGS = Type.Object(
  {
    listen: Type.Object({ api: Type.Union([socket, inherited]), feed: Type.Union([socket, inherited]) }, exact),
    auth: Type.Object({ kind: Type.Literal('none') }, exact),
    store: Type.Union([
      Type.Object({ kind: Type.Literal('sqlite'), path: Type.String({ minLength: 1 }) }, exact),
      Type.Object({ kind: Type.Literal('memory') }, exact),
    ]),
    agents: Type.Object({ secret_file: Type.String({ minLength: 1, description: 'what the agents’ tokens are made from' }) }, exact),
    address_space: Type.Object(
      { overlapping_subnets: Type.Union([Type.Literal('refuse'), Type.Literal('allow')], { default: 'refuse' }) },
      { ...exact, default: {} },
    ),
    mtu: Type.Integer({ minimum: 1280, maximum: 65535, default: 1500 }),
    log: Type.Object(
      {
        level: Type.Union(
          ['debug', 'info', 'warn', 'error', 'silent'].map((level) => Type.Literal(level)),
          { default: 'info' },
        ),
      },
      { ...exact, default: {} },
    ),
  },
  exact,
);

/** What an operator writes into `server.yaml`, defaults filled in, paths absolute. */
export type ServerSettings = Static<typeof SERVER_SETTINGS>;

/** Where a listener listens: an address and port of our own, or a listening socket inherited from the parent process. */
export type Listen = ServerSettings['listen']['api'];

/** Reads `server.yaml`. Relative paths in it are relative to its folder. Throws SettingsFault with file, line and column. */
export const readServerSettings = async (path: string): Promise<ServerSettings> => {
  const settings = await readSettings(path, SERVER_SETTINGS, formats);
  const folder = dirname(resolve(path));
  const { store, agents } = settings;
  return {
    ...settings,
    store: store.kind === 'sqlite' ? { ...store, path: resolve(folder, store.path) } : store,
    agents: { secret_file: resolve(folder, agents.secret_file) },
  };
};
