import { stringify } from 'yaml';
import { labPaths } from './lab-paths.js';
import type { LabHost, Layout } from './layout.js';
import { fabricPrefixes } from './layout.js';

/** The port of the server's door for agents, on the management network. */
const feedPort = 9697;

/** The port of the metadata service that stands in for Nova's. */
export const novaMetadataPort = 8775;

/** The lab's `server.yaml`: the API on the socket that the lab hands over, the agents' door on the management network. */
export const serverSettings = (layout: Layout): string =>
  stringify({
    listen: { api: { fd: 3 }, feed: { address: layout.management.serverAddress, port: feedPort } },
    auth: { kind: 'none' },
    store: { kind: 'sqlite', path: labPaths.store },
    agents: { secret_file: labPaths.secret },
    // A lab has one user, who needs no limits.
    quotas: { network: -1, subnet: -1, port: -1, security_group: -1, security_group_rule: -1, router: -1, floatingip: -1, rbac_policy: -1 },
    max_allowed_address_pair: 65_536,
  });

/** Its routers tell hosts of each other's instances, so that equal paths are seen on the hosts, and check that who speaks is on the link. */
const onLink = () => ({ accept: ['any'], bfd: true, ttl_security: true });

/** A host's `agent.yaml`: one BGP session a family with each top-of-rack router. */
export const agentSettings = (layout: Layout, host: LabHost): string =>
  stringify({
    host: host.name,
    server: { url: `http://${layout.management.serverAddress}:${feedPort}`, token_file: labPaths.token(host.name) },
    state_dir: `${labPaths.host(host.name)}/state`,
    run_dir: `${labPaths.host(host.name)}/run`,
    bgp: {
      asn: host.asn,
      router_id: host.loopback4,
      peers: host.peers.flatMap((peer) => [
        { name: `${peer.name}-v4`, address: peer.address4, asn: peer.asn, ...onLink() },
        { name: `${peer.name}-v6`, address: peer.address6, asn: peer.asn, ...onLink() },
      ]),
    },
    metadata: {
      nova_url: `http://${layout.management.serverAddress}:${novaMetadataPort}`,
      shared_secret_file: labPaths.metadataSecret,
    },
    // Nobody listens there but while a check does.
    dns: { forwarders: [layout.management.serverAddress] },
    max_connections: 4_096,
    multicast: { address: host.managementAddress, hosts: [layout.management.prefix] },
    // A member that is gone without a word is missed soon: a lab is for trying.
    multicast_query_seconds: 5,
    protected_prefixes: [...fabricPrefixes],
    drops_seconds: 1,
  });
