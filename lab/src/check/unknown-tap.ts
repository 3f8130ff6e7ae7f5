import { asIp, asMac, type Ip, type Mac, multicastMac } from '@manx/ip';
import { LabError } from '../lab-error.js';
import { hostNamespace, instanceNamespace } from '../layout.js';
import { execIn } from '../namespace-exec.js';
import { removeGuest } from '../plug-instance.js';
import { runProgram } from '../run-program.js';
import { startCapture } from '../wire/capture.js';
import { dhcpDiscover, ethernet, etherTypes, icmp6, ip, udp } from '../wire/frames.js';
import { sendFrame } from '../wire/namespace-socket.js';
import type { Field } from './field.js';
import { patienceMs, ping, silenceMs } from './reach.js';
import { type Row, row } from './row.js';

const unknownTap = 'tap00000000-de';
const unknownGuest = instanceNamespace('check-unknown');
const [tapMac, guestMac] = [asMac('fe:16:3e:00:de:ad'), asMac('fa:16:3e:00:de:ad')];

const run = async (namespace: string, steps: readonly string[]): Promise<void> => {
  for (const step of steps) {
    const { code, stderr } = await execIn(namespace, step.split(' '));
    if (code !== 0) throw new LabError('check', `${step}: ${stderr.trim()}`);
  }
};

/**
 * An interface that nobody told the agent of, set up by its guest as if it were a port on the near network. Neither side depends on
 * being told the way: everything goes to the host, routes and neighbours stand already, so that only policy can keep it out.
 */
const plugUnknownTap = async ({ near, gateway, spareAddress, spareAddress6 }: Field): Promise<void> => {
  const namespace = hostNamespace(near.host);
  // Not from within a host's namespace: what `ip netns exec` runs has mounts of its own, and nobody else would see the new one.
  await runProgram(['ip', 'netns', 'add', unknownGuest]);
  await run(namespace, [
    `ip link add ${unknownTap} address ${tapMac} type veth peer name eth0 address ${guestMac} netns ${unknownGuest}`,
    `ip link set ${unknownTap} up`,
    `ip -n ${unknownGuest} link set eth0 up`,
    `ip -n ${unknownGuest} addr add ${spareAddress}/32 dev eth0`,
    `ip -n ${unknownGuest} addr add ${spareAddress6}/128 dev eth0 nodad`,
  ]);
  for (const [own, router] of [
    [spareAddress, gateway],
    [spareAddress6, near.gateway6],
  ]) {
    await run(namespace, [
      `ip -n ${unknownGuest} neigh replace ${router} lladdr ${tapMac} dev eth0 nud permanent`,
      `ip -n ${unknownGuest} route add default via ${router} dev eth0 onlink`,
      `ip neigh replace ${own} lladdr ${guestMac} dev ${unknownTap} nud permanent`,
      `ip route replace ${own} dev ${unknownTap}`,
    ]);
  }
};

/** Removes the interface and its guest from a host; does nothing when there is none. */
export const unplugUnknownTap = async (host: string): Promise<void> => {
  await runProgram(['ip', '-n', hostNamespace(host), 'link', 'del', unknownTap], { ignore: /Cannot find device/ });
  await removeGuest(unknownGuest);
};

/** What a guest asks for when it boots, in its own name and in another's. */
const requests = (mac: Mac): readonly Uint8Array[] => {
  const [nobody, everybody, routers] = [asIp('0.0.0.0'), asIp('255.255.255.255'), asIp('ff02::2')];
  const ends = { source: nobody, destination: everybody };
  const discover = ip({ ...ends, protocol: 17, payload: udp({ ...ends, sport: 68, dport: 67 }, dhcpDiscover(mac)) });
  const from: Ip = asIp('fe80::dead');
  const toRouters = { source: from, destination: routers };
  const solicitation = icmp6(toRouters, { type: 133, code: 0, body: new Uint8Array(4) });
  return [
    ethernet(asMac('ff:ff:ff:ff:ff:ff'), mac, { type: etherTypes.ip, payload: discover }),
    ethernet(multicastMac(routers), mac, {
      type: etherTypes.ip6,
      payload: ip({ ...toRouters, protocol: 58, hops: 255, payload: solicitation }),
    }),
  ];
};

/** What arrived at whom, of all that is tried to pass out of the interface and into it. */
const trials = async (field: Field): Promise<readonly string[]> => {
  const { near, mate, gateway, spareAddress, spareAddress6 } = field;
  const [there, inside] = await Promise.all([
    startCapture(mate.netns, 'eth0', `host ${spareAddress} or host ${spareAddress6} or host ${near.v4}`),
    startCapture(unknownGuest, 'eth0', `not ether src ${guestMac} and not ether src ${near.mac}`),
  ]);
  try {
    for (const mac of [guestMac, asMac(near.mac)]) for (const frame of requests(mac)) sendFrame(unknownGuest, 'eth0', frame);
    const host = hostNamespace(near.host);
    await Promise.all([
      ...[mate.v4, mate.v6, gateway, near.gateway6].map(async (address) => await ping(unknownGuest, address, silenceMs)),
      ...[host, mate.netns].flatMap((from) => [spareAddress, spareAddress6].map(async (address) => await ping(from, address, silenceMs))),
    ]);
    const marked = (await ping(near.netns, mate.v4)) !== null && (await there.sees(new RegExp(near.v4), patienceMs));
    const arrived = there.lines.filter((line) =>
      [spareAddress, spareAddress6].some((one) => line.includes(`${one} > ${mate.v4}`) || line.includes(`${one} > ${mate.v6}`)),
    );
    return [
      ...(marked ? [] : ['the closing ping did not reach the neighbour']),
      ...(arrived.length === 0 ? [] : [`out of it to a neighbour: ${arrived[0]}`]),
      ...(inside.lines.length === 0 ? [] : [`into it: ${inside.lines[0]}`]),
    ];
  } finally {
    await Promise.all([there.stop(), inside.stop()]);
  }
};

/** S20: an interface that looks like a port's and is none. */
export const unknownTapRow = async (field: Field): Promise<Row> => {
  try {
    await plugUnknownTap(field);
    const passed = await trials(field);
    return row('S20', 'an interface tap... that is nobody’s port: ping, DHCP, router solicitation out of it; ping into it; IPv4 and IPv6', {
      saw: passed.length === 0 ? 'nothing passes' : passed.join('; '),
      ok: passed.length === 0,
    });
  } finally {
    await unplugUnknownTap(field.near.host);
  }
};
