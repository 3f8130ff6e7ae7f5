import { access, constants } from 'node:fs/promises';
import { LabError } from './lab-error.js';

/** The programs that a lab runs, and the Debian package of each. */
const programs: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  ss: 'iproute2',
  sysctl: 'procps',
  bird: 'bird2',
  birdc: 'bird2',
  dnsmasq: 'dnsmasq-base',
  nft: 'nftables',
  udhcpc: 'udhcpc',
  dhclient: 'isc-dhcp-client',
  ping: 'iputils-ping',
  arping: 'iputils-arping',
  keepalived: 'keepalived',
  iperf3: 'iperf3',
  traceroute: 'traceroute',
  dig: 'bind9-dnsutils',
  tcpdump: 'tcpdump',
};

const isInstalled = async (program: string): Promise<boolean> => {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'].filter(Boolean);
  const tries = await Promise.allSettled(folders.map(async (folder) => await access(`${folder}/${program}`, constants.X_OK)));
  return tries.some(({ status }) => status === 'fulfilled');
};

/** LabError `no-root`: making network namespaces takes root. */
export const demandRoot = (): void => {
  if (process.getuid?.() !== 0)
    throw new LabError('no-root', 'The lab makes network namespaces, and that takes root. Run it as root (sudo).');
};

/** LabError `missing-program` naming every program that is missing, with the package that has it. */
export const demandPrograms = async (): Promise<void> => {
  const installed = await Promise.all(Object.keys(programs).map(async (program) => [program, await isInstalled(program)] as const));
  const missing = installed.filter(([, there]) => !there).map(([program]) => program);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => programs[program]))].join(' ');
  throw new LabError(
    'missing-program',
    `Missing: ${missing.join(', ')}. Install with: apt-get install ${packages} (or run \`make setup\`).`,
  );
};
