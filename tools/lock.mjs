// The lock file must serve every machine. npm leaves out optional packages (the binaries of other platforms) that the registry at hand
// does not carry, and `npm ci` then refuses the file. `node tools/lock.mjs` adds what is missing; `make check` says what is.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = join(dirname(fileURLToPath(import.meta.url)), '..');
const path = join(top, 'package-lock.json');

/** Names of platforms as packages write them into their own names, and what npm calls their fields. */
const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64'];
const LIBRARIES = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

const platformOf = (name) => {
  const words = name.split(/[/-]/);
  const os = SYSTEMS.filter((system) => words.includes(system));
  const cpu = PROCESSORS.filter((processor) => words.includes(processor));
  const libc = words.flatMap((word) => LIBRARIES[word] ?? []);
  return { ...(cpu.length > 0 ? { cpu } : {}), ...(libc.length > 0 ? { libc } : {}), ...(os.length > 0 ? { os } : {}) };
};

/** Whether npm finds the package from where it is wanted: beside it, or in a folder above. */
const isLocked = (packages, from, name) => {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`] !== undefined) return true;
    if (!folder.includes('/node_modules/')) return packages[`node_modules/${name}`] !== undefined;
  }
};

const missingFrom = (packages) =>
  Object.entries(packages).flatMap(([from, { optionalDependencies = {}, dev }]) =>
    Object.entries(optionalDependencies)
      .filter(([name, version]) => /^\d/.test(version) && !isLocked(packages, from, name))
      .map(([name, version]) => ({
        at: `node_modules/${name}`,
        entry: { version, ...(dev ? { dev } : {}), optional: true, ...platformOf(name) },
      })),
  );

/** The workspaces of which the lock file knows nothing, or other dependencies than they have. */
const strangersTo = (packages) => {
  const folders = packages[''].workspaces.flatMap((workspace) => {
    const group = workspace.replace(/\/\*$/, '');
    return group === workspace ? [workspace] : readdirSync(join(top, group)).map((name) => `${group}/${name}`);
  });
  const wanted = (manifest) => JSON.stringify(Object.entries(manifest?.dependencies ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
  return ['', ...folders].filter((folder) => {
    const file = join(top, folder, 'package.json');
    return (
      existsSync(file) && (packages[folder] === undefined || wanted(JSON.parse(readFileSync(file, 'utf8'))) !== wanted(packages[folder]))
    );
  });
};

/** What is wrong with the lock file, in lines, and how many packages it names. */
export const lockProblems = () => {
  const { packages } = JSON.parse(readFileSync(path, 'utf8'));
  const missing = missingFrom(packages).map(({ at }) => `${at} is wanted but not locked: run node tools/lock.mjs`);
  const bound = Object.entries(packages).filter(([, { resolved }]) => /^https?:/.test(resolved ?? ''));
  return {
    lines: [
      ...strangersTo(packages).map((folder) => `${folder || 'the top'} is not locked as it is: run npm install, then node tools/lock.mjs`),
      ...missing,
      ...bound.map(([at, { resolved }]) => `${at} names a registry: ${resolved}`),
    ],
    seen: Object.keys(packages).length,
  };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lock = JSON.parse(readFileSync(path, 'utf8'));
  const missing = missingFrom(lock.packages);
  const { '': top, ...rest } = lock.packages;
  const entries = [...Object.entries(rest), ...missing.map(({ at, entry }) => [at, entry])].sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = { '': top, ...Object.fromEntries(entries) };
  if (missing.length > 0) writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`lock: ${missing.length} packages added`);
}
