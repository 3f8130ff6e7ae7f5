import { access, rm, writeFile } from 'node:fs/promises';
import { execOut, runProgram } from '@manx/lab/bench-kit';
import type { Progress } from './figure.js';

const policy = '/usr/sbin/policy-rc.d';

/** The version of a Debian package, or null when it is not installed. */
export const packageVersion = async (name: string): Promise<string | null> => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const shown = await execOut(['dpkg-query', '-W', '-f', '${db:Status-Status} ${Version}', name]).catch(() => '');
  const [status, version] = shown.split(' ');
  return status === 'installed' ? (version ?? null) : null;
};

/** Installs the packages that are missing, without letting their services start: policy-rc.d says no for as long as it takes. */
export const installPackages = async (names: readonly string[], progress: Progress): Promise<void> => {
  const versions = await Promise.all(names.map(packageVersion));
  const missing = names.filter((_, index) => versions[index] === null);
  if (missing.length === 0) return;
  progress(`installing Debian packages: ${missing.join(' ')}`);
  const hadPolicy = await access(policy).then(
    () => true,
    () => false,
  );
  if (!hadPolicy) await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const apt = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq'];
    await runProgram([...apt, 'update']);
    await runProgram([...apt, 'install', '-y', '--no-install-recommends', ...missing]);
  } finally {
    if (!hadPolicy) await rm(policy, { force: true });
  }
};
