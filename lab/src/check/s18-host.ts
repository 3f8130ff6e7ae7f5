import { hostNamespace, layoutOf, managementNamespace } from '../layout.js';
import { serveTcp } from '../wire/tcp-probe.js';
import type { Field } from './field.js';
import { inWords, ping, silenceMs, tcpTo } from './reach.js';
import { type Row, row } from './row.js';

/** A port that the check itself opens on the host and in the management network: silence there is policy, not absence. */
const servicePort = 7018;

/** S18: the host's own services and the management network are out of an instance's reach; the host's ping is not. */
export const checkHost = async ({ lab, near, gateway }: Field): Promise<Row[]> => {
  const host = layoutOf(lab.hosts).hosts.find(({ name }) => name === near.host);
  if (host === undefined) return [row('S18', `the addresses of ${near.host}`, { saw: 'no such host in the lab', ok: false })];
  const { management } = layoutOf(lab.hosts);
  const servers = [
    serveTcp(hostNamespace(near.host), 4, servicePort),
    serveTcp(hostNamespace(near.host), 6, servicePort),
    serveTcp(managementNamespace, 4, servicePort),
  ];
  try {
    const targets = [
      { what: 'the gateway', address: gateway, port: servicePort },
      { what: "the host's loopback address", address: host.loopback4, port: servicePort },
      { what: "the host's loopback address, IPv6", address: host.loopback6, port: servicePort },
      { what: "the host's management address", address: host.managementAddress, port: servicePort },
      { what: 'the server on the management network', address: management.serverAddress, port: servicePort },
      { what: "the agents' door of the server", address: management.serverAddress, port: 9697 },
      { what: "the host's BGP port", address: gateway, port: 179 },
    ];
    const open = await tcpTo(hostNamespace(near.host), management.serverAddress, { port: servicePort });
    const probes = await Promise.all(
      targets.map(async (target) => ({
        ...target,
        result: await tcpTo(near.netns, target.address, { port: target.port, waitMs: silenceMs }),
      })),
    );
    const echo = await ping(near.netns, gateway);
    return [
      ...probes.map(({ what, address, port, result }) =>
        row('S18', `${what} (${address} tcp/${port}) from an instance`, { saw: inWords(result), ok: result.kind === 'silent' }),
      ),
      row('S18', 'the same service from the host itself', { saw: inWords(open), ok: open.kind === 'answered' }),
      row('S18', `ping of the gateway (${gateway})`, { saw: echo === null ? 'silent' : `answered, TTL ${echo}`, ok: echo !== null }),
    ];
  } finally {
    for (const server of servers) server.close();
  }
};
