import { appendFile } from 'node:fs/promises';
import { clientFor, execIn, type Guest, guestOf, hostNamespace, openLinkOf, removeTap, runProgram, waitUntil } from '@manx/lab/attack-kit';
import { endsOf, ipFrame, newToken, udpPacket } from './forge.js';
import { echo } from './ground.js';
import { projects, type Range } from './range.js';
import { carries } from './read-packet.js';

/** Where what each check took is written, a number a line. */
export const figuresFile = '/run/manx-lab/fresh-ports';

/** A host that takes longer than this for one new port is frozen. 2 s is what is wanted, and a fraction of it what is seen. */
const limitMs = 10_000;

const netns = 'manx-vm-fresh';

/** The guest's side of a port, set by hand as a config drive would. */
const configure = async ({ v4, v6, router, mac }: Guest, gateway: string): Promise<void> => {
  // Its routes are those set here, not those that its host advertises.
  await execIn(netns, ['sysctl', '-qw', 'net.ipv6.conf.eth0.accept_ra=0']);
  const lines = [
    'link set lo up',
    `link set eth0 address ${mac} up`,
    `addr add ${v4}/32 dev eth0`,
    `addr add ${v6}/128 dev eth0 nodad`,
    `route add default via ${gateway} dev eth0 onlink`,
    `-6 route add default via ${router} dev eth0`,
  ];
  for (const line of lines)
    await runProgram([
      'ip',
      ...(line.startsWith('-6') ? ['-6', '-n', netns, ...line.slice(3).split(' ')] : ['-n', netns, ...line.split(' ')]),
    ]);
};

/**
 * The frozen-host check: a new port of another project on that host becomes ACTIVE, talks, and lets nobody in (its project's default
 * group). Throws when it does not; what it took from asking for the port to its first reply goes to `figuresFile`.
 */
export const freshPort = async ({ network, gateway, places: [{ witness }] }: Range): Promise<void> => {
  const { host } = witness;
  const client = clientFor(projects.fresh);
  await runProgram(['ip', 'netns', 'add', netns], { ignore: /File exists/ });
  const began = performance.now();
  const port = await client.create('ports', 'port', {
    name: 'fresh',
    network_id: network,
    project_id: projects.fresh,
    device_owner: 'compute:nova',
    device_id: 'fresh',
    'binding:host_id': host,
  });
  const tap = `tap${port.id.slice(0, 11)}`;
  const fixed = port['fixed_ips'] as readonly { readonly ip_address: string }[];
  const guest = guestOf({
    name: 'fresh',
    port_id: port.id,
    project_id: projects.fresh,
    host,
    netns,
    tap,
    mac: String(port['mac_address']),
    mtu: 1500,
    addresses: fixed.map(({ ip_address }) => ip_address),
  });
  try {
    await runProgram(['ip', '-n', hostNamespace(host), 'link', 'add', tap, 'up', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns]);
    await configure(guest, gateway);
    await waitUntil(
      `the new port ${port.id} on ${host} to become ACTIVE`,
      async () => (await client.show('ports', port.id))['status'] === 'ACTIVE',
      limitMs,
    );
    const link = openLinkOf(netns);
    try {
      const token = newToken();
      const stranger = openLinkOf(witness.netns);
      for (const family of [4, 6] as const) stranger.send(ipFrame(witness, udpPacket(endsOf(witness, guest, family), token)));
      stranger.close();
      await waitUntil(
        `the new port ${port.id} on ${host} to reach another`,
        async () => await echo(guest, witness, { waitMs: 100 }),
        limitMs,
      );
      await appendFile(figuresFile, `${performance.now() - began}\n`);
      if (!(await echo(guest, witness, { family: 6 }))) throw new Error('the new port does not reach another over IPv6');
      if (link.heard().some((frame) => carries(frame, token))) throw new Error('the new port of a group that lets nobody in was reached');
    } finally {
      link.close();
    }
  } finally {
    await client.remove('ports', port.id);
    await removeTap({ host, tap });
  }
};
