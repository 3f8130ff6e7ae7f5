import { runProgram } from '@manx/lab/bench-kit';
import { countPorts, idIn, project } from './contestant.js';
import type { LoadClient } from './load-client.js';

/**
 * Fills the peer with ports by writing its tables: at its own pace 10,000 would take half an hour. Each has what a port made by the API has
 * in these tables: standard attributes, an address, a binding, port security, a group. They are on a network where nothing else is made.
 */
export const makePeerFill = async (
  client: LoadClient,
  sql: (statements: string) => Promise<unknown>,
): Promise<(count: number) => Promise<unknown>> => {
  const network = idIn(await client.send('POST', '/v2.0/networks', { network: { name: 'crowd', tenant_id: project } }));
  const subnet = idIn(
    await client.send('POST', '/v2.0/subnets', {
      subnet: { network_id: network, tenant_id: project, ip_version: 4, cidr: '10.128.0.0/16' },
    }),
  );
  const groups = JSON.parse(await client.send('GET', `/v2.0/security-groups?tenant_id=${project}&name=default`)) as {
    readonly security_groups: readonly { readonly id: string }[];
  };
  const [group = { id: '' }] = groups.security_groups;
  let filled = 0;
  return async (count) => {
    const missing = count - (await countPorts({ client }));
    if (missing <= 0) return;
    await sql(fillStatements({ from: filled + 1, to: filled + missing, network, subnet, group: group.id }));
    filled += missing;
  };
};

type Filling = { readonly from: number; readonly to: number; readonly network: string; readonly subnet: string; readonly group: string };

/** `seq_A_to_B` is MariaDB's own table of the numbers from A to B. */
const fillStatements = ({ from, to, network, subnet, group }: Filling): string => {
  const numbers = `seq_${from}_to_${to}`;
  const id = "concat('bbbbbbbb-0000-4000-8000-', lpad(hex(seq), 12, '0'))";
  const mac =
    "concat('fa:16:3f:', lpad(hex(seq >> 16), 2, '0'), ':', lpad(hex((seq >> 8) & 255), 2, '0'), ':', lpad(hex(seq & 255), 2, '0'))";
  const standard = '1000000 + seq';
  return `begin;
insert into standardattributes (id, resource_type, description, revision_number, created_at, updated_at)
  select ${standard}, 'ports', '', 1, utc_timestamp(), utc_timestamp() from ${numbers};
insert into ports (id, project_id, name, network_id, mac_address, admin_state_up, status, device_id, device_owner, standard_attr_id, ip_allocation)
  select ${id}, '${project}', '', '${network}', lower(${mac}), 1, 'DOWN', concat('device-', seq), '', ${standard}, 'immediate' from ${numbers};
insert into ipallocations (port_id, ip_address, subnet_id, network_id)
  select ${id}, inet_ntoa(inet_aton('10.128.0.10') + seq), '${subnet}', '${network}' from ${numbers};
insert into ml2_port_bindings (port_id, host, vnic_type, profile, vif_type, vif_details, status)
  select ${id}, '', 'normal', '', 'unbound', '', 'ACTIVE' from ${numbers};
insert into portsecuritybindings (port_id, port_security_enabled) select ${id}, 1 from ${numbers};
insert into securitygroupportbindings (port_id, security_group_id) select ${id}, '${group}' from ${numbers};
commit;`;
};

/** Runs SQL in a database of a MariaDB on a Unix socket. */
export const sqlOver =
  (socket: string, database: string) =>
  async (statements: string): Promise<unknown> =>
    await runProgram(['mariadb', '--no-defaults', '-uroot', '-S', socket, database, '-e', statements]);
