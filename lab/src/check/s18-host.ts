import { asMac } from '@manx/ip';
import { hostNamespace, layoutOf, managementNamespace } from '../layout.js';
import { startCapture } from '../wire/capture.js';
import { ethernet, etherTypes, ip, tcp } from '../wire/frames.js';
import { sendFrame } from '../wire/namespace-socket.js';
import { serveTcp } from '../wire/tcp-probe.js';
import { serveUdp } from '../wire/udp-probe.js';
import type { Field } from './field.js';
import { patienceMs, ping, silenceMs, tcpTo, udpTo } from './reach.js';
import { type Row, row } from './row.js';

/** A port that the check itself opens everywhere that is out of reach: silence there is policy, not absence. */
const servicePort = 7018;

/** With those of real services: SSH, DNS, BGP, the API, the agents' door. */
const tcpPorts = [servicePort, 22, 53, 179, 9_696, 9_697];
const udpPorts = [servicePort, 53];

type Place = { readonly what: string; readonly namespace: string; readonly addresses: readonly string[] };

const placesOf = ({ lab, near, far, gateway, tenantGateway }: Field): readonly Place[] => {
  const { hosts, tors, management, links } = layoutOf(lab.hosts);
  const linkAddresses = (namespace: string) =>
    links.flatMap(({ a, b }) =>
      [a, b].filter((end) => end.namespace === namespace).flatMap(({ addresses }) => addresses.map((one) => one.split('/')[0] ?? '')),
    );
  const host = (name: string) => {
    const { loopback4, loopback6, managementAddress } = hosts.find((one) => one.name === name) ?? {
      loopback4: '',
      loopback6: '',
      managementAddress: '',
    };
    return [loopback4, loopback6, managementAddress, ...linkAddresses(hostNamespace(name))].filter((address) => address !== '');
  };
  return [
    { what: 'its own host', namespace: hostNamespace(near.host), addresses: [gateway, near.gateway6, tenantGateway, ...host(near.host)] },
    ...(far.host === near.host ? [] : [{ what: 'another host', namespace: hostNamespace(far.host), addresses: host(far.host) }]),
    ...tors.slice(0, 1).map(({ namespace, loopback4, loopback6 }) => {
      return { what: 'a fabric router', namespace, addresses: [loopback4, loopback6, ...linkAddresses(namespace).slice(0, 4)] };
    }),
    { what: 'the server, on the management network', namespace: managementNamespace, addresses: [management.serverAddress] },
  ];
};

/**
 * What of a place answers to an instance: over TCP, where a refusal is an answer, and over UDP; and whether anything of it arrives there, for
 * a place that does not know the way back would be silent in any case. (Its own host's interfaces see the instance's traffic, of course.)
 */
const placeRow = async (field: Field, place: Place): Promise<Row> => {
  const { near } = field;
  const isOwnHost = place.namespace === hostNamespace(near.host);
  const hosts = `(${place.addresses.map((address) => `dst host ${address}`).join(' or ')}) and (src host ${near.v4} or src host ${near.v6})`;
  const capture = isOwnHost ? null : await startCapture(place.namespace, 'any', hosts);
  try {
    const heard = [...(await answersOf(field, place)), ...(capture?.lines.slice(0, 1) ?? []).map((line) => `ARRIVED: ${line}`)];
    return row(
      'S18',
      `${place.what} from an instance: ${place.addresses.join(' ')}, TCP ${tcpPorts.join(' ')}, UDP ${udpPorts.join(' ')}`,
      {
        saw: heard.length === 0 ? 'all silent' : heard.join(', '),
        ok: heard.length === 0,
      },
    );
  } finally {
    await capture?.stop();
  }
};

const answersOf = async ({ near }: Field, { addresses }: Place): Promise<string[]> => {
  const answers = await Promise.all(
    addresses.flatMap((address) => [
      ...tcpPorts.map(async (port) => {
        const { kind } = await tcpTo(near.netns, address, { port, waitMs: silenceMs });
        return kind === 'silent' ? null : `${address} tcp/${port} ${kind}`;
      }),
      ...udpPorts.map(async (port) => {
        const { kind } = await udpTo(near.netns, address, { port, waitMs: silenceMs });
        return kind === 'silent' ? null : `${address} udp/${port} ${kind}`;
      }),
    ]),
  );
  return answers.filter((one) => one !== null);
};

/** The same doors from the host itself: they are open, so that silence means something. */
const doorsRow = async ({ near }: Field, places: readonly Place[]): Promise<Row> => {
  const tries = await Promise.all(
    places.flatMap(({ namespace, addresses }) =>
      addresses.map(async (address) => {
        const from = namespace === managementNamespace ? hostNamespace(near.host) : namespace;
        const [overTcp, overUdp] = await Promise.all([
          tcpTo(from, address, { port: servicePort }),
          udpTo(from, address, { port: servicePort }),
        ]);
        return overTcp.kind === 'answered' && overUdp.kind === 'answered' ? null : `${address} silent`;
      }),
    ),
  );
  const shut = tries.filter((one) => one !== null);
  return row('S18', `the doors on ${servicePort} that the check opened for this, from within`, {
    saw: shut.length === 0 ? 'all answered' : shut.join(', '),
    ok: shut.length === 0,
  });
};

/** Over link-local addresses, which need no route: a SYN to the host by hand; an answer of any kind would be seen before the ping's. */
const linkLocalRow = async ({ near }: Field): Promise<Row> => {
  const source = near.linkLocal;
  const capture = await startCapture(near.netns, 'eth0', 'ip6');
  try {
    const ends = { source, destination: near.router, sport: 40_018, dport: servicePort };
    const packet = ip({ source, destination: near.router, protocol: 6, payload: tcp(ends, 2) });
    sendFrame(near.netns, 'eth0', ethernet(asMac(near.hostMac), asMac(near.mac), { type: etherTypes.ip6, payload: packet }));
    const marked = (await ping(near.netns, near.gateway6)) !== null && (await capture.sees(/echo reply/, patienceMs));
    const answer = capture.lines.find((line) => line.includes(`${near.router}.${servicePort} > `));
    return row('S18', `the host's link-local address (${near.router}) tcp/${servicePort} from an instance`, {
      saw: !marked ? 'the closing ping did not arrive' : (answer ?? 'silent'),
      ok: marked && answer === undefined,
    });
  } finally {
    await capture.stop();
  }
};

const echoRow = async ({ near, gateway }: Field): Promise<Row> => {
  const [echo, echo6] = await Promise.all([ping(near.netns, gateway), ping(near.netns, near.gateway6)]);
  return row('S18', `ping of the gateways (${gateway}, ${near.gateway6}), which is allowed`, {
    saw: [echo, echo6].map((ttl) => (ttl === null ? 'silent' : `answered, TTL ${ttl}`)).join('; '),
    ok: echo !== null && echo6 !== null,
  });
};

/** S18: the services of any host, the fabric and the management network are out of an instance's reach; its host's ping is not. */
export const checkHost = async (field: Field): Promise<Row[]> => {
  const places = placesOf(field);
  const servers = [
    ...places.flatMap(({ namespace }) => ([4, 6] as const).map((family) => serveTcp(namespace, family, servicePort))),
    ...(await Promise.all(
      places.flatMap(({ namespace }) => ([4, 6] as const).map(async (family) => await serveUdp(namespace, family, servicePort))),
    )),
  ];
  try {
    return await Promise.all([
      ...places.map(async (place) => await placeRow(field, place)),
      doorsRow(field, places),
      linkLocalRow(field),
      echoRow(field),
    ]);
  } finally {
    for (const server of servers) server.close();
  }
};
