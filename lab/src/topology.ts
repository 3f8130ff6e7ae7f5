import { existsSync } from 'node:fs';
import type { Layout, Link, LinkEnd, Router } from './layout.js';
import { runProgram } from './run-program.js';

/** Settings of every router namespace; per-interface ones follow from `all` and `default`, which the interfaces made later inherit. */
const routerSysctls: Readonly<Record<string, string>> = {
  'net.ipv4.ip_forward': '1',
  'net.ipv6.conf.all.forwarding': '1',
  'net.ipv6.conf.default.forwarding': '1',
  'net.ipv4.conf.all.rp_filter': '0',
  'net.ipv4.conf.default.rp_filter': '0',
  'net.ipv4.fib_multipath_hash_policy': '1',
  'net.ipv6.fib_multipath_hash_policy': '1',
  // Fabric addresses are ours by construction; waiting a second for each would only slow the start.
  'net.ipv6.conf.all.accept_dad': '0',
  'net.ipv6.conf.default.accept_dad': '0',
  // Path probes deserve every answer (S2); the kernel's default is one a second a target.
  'net.ipv4.icmp_ratelimit': '0',
  'net.ipv6.icmp.ratelimit': '0',
};

/**
 * How the fabric's routers choose among equal ways: by addresses, protocol and ports, each by a seed of its own where the kernel has one (Linux
 * 6.11). A packet of a namespace keeps the hash of its socket, by which all routers of one kernel would otherwise choose alike.
 */
const waysOf = (seed: number): Readonly<Record<string, string>> => ({
  'net.ipv4.fib_multipath_hash_policy': '3',
  'net.ipv4.fib_multipath_hash_fields': '55',
  'net.ipv6.fib_multipath_hash_policy': '3',
  'net.ipv6.fib_multipath_hash_fields': '55',
  ...(existsSync('/proc/sys/net/ipv4/fib_multipath_hash_seed') ? { 'net.ipv4.fib_multipath_hash_seed': String(seed + 1) } : {}),
});

const addressLines = (end: LinkEnd): string[] => [
  ...end.addresses.map((address) => `addr add ${address} dev ${end.ifname}${address.includes(':') ? ' nodad' : ''}`),
  `link set ${end.ifname} up`,
];

const loopbackLines = (router: Router, extra: readonly string[]): string[] => [
  'link set lo up',
  `addr add ${router.loopback4}/32 dev lo`,
  `addr add ${router.loopback6}/128 dev lo nodad`,
  ...extra.map((address) => `addr add ${address} dev lo${address.includes(':') ? ' nodad' : ''}`),
];

/** The veth pairs from every host to the management bridge. */
const managementLinks = (layout: Layout): Link[] =>
  layout.hosts.map((host) => ({
    a: { namespace: layout.management.namespace, ifname: `m-${host.name}`.slice(0, 15), addresses: [] },
    b: { namespace: host.namespace, ifname: 'mgmt', addresses: [`${host.managementAddress}/${layout.management.prefixLength}`] },
  }));

const managementLines = (layout: Layout): string[] => [
  'link set lo up',
  `link add ${layout.management.bridge} type bridge`,
  `addr add ${layout.management.serverAddress}/${layout.management.prefixLength} dev ${layout.management.bridge}`,
  `link set ${layout.management.bridge} up`,
];

/**
 * Makes every namespace and link of the lab's fabric. The veth pairs are born inside their namespaces: the machine's own
 * namespace sees none of them. `outsideAddresses` go to the loopback of the outside.
 */
export const buildTopology = async (layout: Layout, outsideAddresses: readonly string[]): Promise<void> => {
  const routers: readonly Router[] = [...layout.hosts, ...layout.tors, layout.outside];
  const namespaces = [...routers.map((router) => router.namespace), layout.management.namespace];
  await runProgram(['ip', '-batch', '-'], { stdin: namespaces.map((name) => `netns add ${name}\n`).join('') });
  await Promise.all(
    routers.map(async (router, at) => {
      const isHost = layout.hosts.some(({ name }) => name === router.name);
      const lines = Object.entries({ ...routerSysctls, ...(isHost ? {} : waysOf(at)) }).map(([name, value]) => `${name} = ${value}\n`);
      await runProgram(['ip', 'netns', 'exec', router.namespace, 'sysctl', '-q', '-p', '-'], { stdin: lines.join('') });
    }),
  );
  await runProgram(['ip', '-n', layout.management.namespace, '-batch', '-'], { stdin: `${managementLines(layout).join('\n')}\n` });
  const links = [...layout.links, ...managementLinks(layout)];
  // Each pair is made in the namespace of its first end, its second end directly in the other namespace.
  for (const namespace of new Set(links.map((link) => link.a.namespace))) {
    const made = links.filter((link) => link.a.namespace === namespace);
    const text = made.map((link) => `link add ${link.a.ifname} type veth peer name ${link.b.ifname} netns ${link.b.namespace}\n`);
    await runProgram(['ip', '-n', namespace, '-batch', '-'], { stdin: text.join('') });
  }
  await Promise.all(
    namespaces.map(async (namespace) => {
      const router = routers.find((candidate) => candidate.namespace === namespace);
      const lines = [
        ...(router === undefined ? [] : loopbackLines(router, namespace === layout.outside.namespace ? outsideAddresses : [])),
        ...links.flatMap((link) => [link.a, link.b].filter((end) => end.namespace === namespace)).flatMap(addressLines),
        ...(namespace === layout.management.namespace
          ? managementLinks(layout).map((link) => `link set ${link.a.ifname} master ${layout.management.bridge}`)
          : []),
      ];
      await runProgram(['ip', '-n', namespace, '-batch', '-'], { stdin: `${lines.join('\n')}\n` });
    }),
  );
};
