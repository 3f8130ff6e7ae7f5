import { agentToken } from '@manx/feed';
import { parseHostName } from '@manx/hoststate';
import { SettingsFault } from '@manx/settings';
import { readAgentSecret } from './agent-secret.js';
import { readServerSettings } from './server-settings.js';
import { StartFault } from './start-fault.js';

/** What `manx server token` is told on its command line. */
export type ServerTokenOptions = {
  /** The path of `server.yaml`. */
  readonly config: string;
  /** The compute host's name, as Nova writes it into `binding:host_id`. */
  readonly host: string;
  readonly stdout?: { readonly write: (text: string) => unknown };
  readonly stderr?: { readonly write: (text: string) => unknown };
};

/** `manx server token`: prints the token by which one host's agent is known. Resolves with the exit code, as `runServer`. */
export const printServerToken = async (options: ServerTokenOptions): Promise<number> => {
  const { stdout = process.stdout, stderr = process.stderr } = options;
  try {
    const host = parseHostName(options.host);
    if (host === null) throw new StartFault('not-a-host', options.host, `${JSON.stringify(options.host)} is not a host name.`);
    const { agents } = await readServerSettings(options.config);
    stdout.write(`${agentToken(await readAgentSecret(agents.secret_file), host)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof SettingsFault || error instanceof StartFault)) throw error;
    stderr.write(error instanceof SettingsFault ? `${error.message}\n` : `manx server token: ${error.message}\n`);
    return error instanceof SettingsFault ? 2 : 1;
  }
};
