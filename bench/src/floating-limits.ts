import {
  execOut,
  hostNamespace,
  instanceNamespace,
  type NeutronResource,
  outsideAddress4,
  outsideNamespace,
  waitUntil,
} from '@manx/lab/bench-kit';
import type { Path } from './bare-hosts.js';
import type { BenchCloud } from './bench-cloud.js';
import { type GuestPort, project } from './guest.js';

/** A floating IP of a guest, what comes for it and what leaves as it, and how both are limited. */
export type FloatingLimits = {
  /** From an instance on another host to the floating IP; from the guest out of the flat space. */
  readonly ways: { readonly ingress: Path; readonly egress: Path };
  /** Sets both limits, in Mb/s; resolves when the host has them. */
  readonly set: (rate: number) => Promise<void>;
};

/** Makes an external network, a router, and a floating IP for the guest's port. */
export const makeFloatingLimits = async (
  { client, network }: BenchCloud,
  { guest, port, asker }: { readonly guest: GuestPort; readonly port: string; readonly asker: GuestPort },
): Promise<FloatingLimits> => {
  const make = async (collection: string, resource: string, body: object) =>
    await client.create(collection, resource, { name: 'bench-outside', project_id: project, ...body });
  const outside = await make('networks', 'network', { 'router:external': true });
  await make('subnets', 'subnet', { network_id: outside.id, ip_version: 4, cidr: '10.81.0.0/24', enable_dhcp: false });
  const router = await make('routers', 'router', { external_gateway_info: { network_id: outside.id } });
  // The subnet's gateway is what guests have as their router.
  const [subnet] = await client.list('subnets', { network_id: network.networkId });
  await client.act('routers', router.id, { action: 'add_router_interface', body: { subnet_id: subnet?.id } });
  const policy = await make('qos/policies', 'policy', {});
  const rules = `qos/policies/${policy.id}/bandwidth_limit_rules`;
  const made: NeutronResource[] = [];
  for (const direction of ['ingress', 'egress'])
    made.push(await client.create(rules, 'bandwidth_limit_rule', { max_kbps: 1000, direction }));
  const floating = await client.create('floatingips', 'floatingip', {
    floating_network_id: outside.id,
    project_id: project,
    port_id: port,
    qos_policy_id: policy.id,
  });
  const address = String(floating['floating_ip_address']);
  return {
    ways: {
      ingress: { from: instanceNamespace(asker.name), to: instanceNamespace(guest.name), address },
      egress: { from: instanceNamespace(guest.name), to: outsideNamespace, address: outsideAddress4 },
    },
    set: async (rate) => {
      for (const { id } of made) await client.update(rules, 'bandwidth_limit_rule', { id, body: { max_kbps: rate * 1000 } });
      const bytes = rate * 125_000;
      await waitUntil(`limits of ${rate} Mb/s on ${address}`, async () => {
        const listed = await execOut(['ip', 'netns', 'exec', hostNamespace(guest.host), 'nft', 'list', 'table', 'inet', 'manx']);
        // nft says a rate in the largest unit that it is a whole number of.
        return (
          [...listed.matchAll(/limit rate over (\d+) (bytes|kbytes|mbytes)\/second/g)].filter(
            ([, number, unit]) => Number(number) * (UNITS[unit ?? ''] ?? 0) === bytes,
          ).length === made.length
        );
      });
    },
  };
};

const UNITS: { readonly [unit: string]: number } = { bytes: 1, kbytes: 1024, mbytes: 1_048_576 };
