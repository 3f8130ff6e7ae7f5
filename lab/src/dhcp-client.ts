import { LabError } from './lab-error.js';
import { labPaths } from './lab-paths.js';
import { execIn } from './namespace-exec.js';

/**
 * What udhcpc calls when something happens to its lease: addresses, routes and MTU go to the interface of its own namespace, the
 * rest (DNS servers, domain) to a file of the lab. Nothing of the machine is touched.
 *
 * Option 121 replaces option 3 where both come (RFC 3442, page 5); udhcpc passes it as pairs of destination and gateway.
 */
export const dhcpEventScript = `#!/bin/sh
set -eu
case "$1" in
  deconfig)
    ip -4 addr flush dev "$interface"
    ip link set "$interface" up
    ;;
  bound|renew)
    [ -z "\${mtu:-}" ] || ip link set "$interface" mtu "$mtu"
    ip -4 addr replace "$ip/$mask" dev "$interface"
    if [ -n "\${staticroutes:-}" ]; then
      set -- $staticroutes
      while [ $# -ge 2 ]; do
        if [ "$2" = 0.0.0.0 ]; then ip -4 route replace "$1" dev "$interface"; else ip -4 route replace "$1" via "$2" dev "$interface"; fi
        shift 2
      done
    elif [ -n "\${router:-}" ]; then
      ip -4 route replace default via "\${router%% *}" dev "$interface"
    fi
    printf 'dns=%s\\ndomain=%s\\nlease=%s\\nserver=%s\\n' "\${dns:-}" "\${domain:-}" "\${lease:-}" "\${serverid:-}" >"$MANX_LEASE"
    ;;
esac
`;

/** Lets a real DHCP client configure an instance's `eth0`; LabError with its own words when no lease comes. */
export const requestLease = async (name: string, namespace: string): Promise<void> => {
  const client = [
    'udhcpc',
    '-i',
    'eth0',
    '-f',
    '-q',
    '-n',
    '-t',
    '10',
    '-T',
    '1',
    '-O',
    'mtu',
    '-O',
    'staticroutes',
    '-s',
    labPaths.dhcpScript,
  ];
  const { code, stderr } = await execIn(namespace, ['env', `MANX_LEASE=${labPaths.instance(name)}/lease`, ...client], 20_000);
  if (code !== 0) throw new LabError('no-lease', `${name} got no DHCP lease: ${stderr.trim().split('\n').slice(-3).join(' / ')}`);
};
