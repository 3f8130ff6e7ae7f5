import { readFile } from 'node:fs/promises';
import { StartFault } from './start-fault.js';

/** Bytes that a secret needs at least to be worth the name. */
const SECRET_BYTES = 16;

/** Reads the secret that agents' tokens are made from; surrounding white space does not count. Throws StartFault. */
export const readAgentSecret = async (path: string): Promise<string> => {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const todo = errno === 'ENOENT' ? `Make one: openssl rand -hex 32 > ${path} && chmod 600 ${path}` : 'Let the server’s user read it.';
    throw new StartFault('secret-unreadable', path, `agents.secret_file: ${path} cannot be read (${errno}). ${todo}`, cause);
  }
  if (Buffer.byteLength(text) < SECRET_BYTES) {
    throw new StartFault(
      'secret-weak',
      path,
      `agents.secret_file: ${path} holds fewer than ${SECRET_BYTES} bytes: too easy to guess. Make one: openssl rand -hex 32 > ${path}`,
    );
  }
  return text;
};
