import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execOut, runProgram } from '@manx/lab/bench-kit';
import { answersHttp, startBackgroundProgram } from './background-program.js';
import type { Cleanup } from './cleanup.js';
import { installPackages, packageVersion } from './debian-packages.js';
import type { Progress } from './figure.js';
import { freePort } from './free-port.js';
import { makeTempFolder } from './temp-folder.js';

/** A Neutron that runs. */
export type Neutron = {
  readonly url: string;
  readonly versions: string;
  /** The Unix socket of its MariaDB. */
  readonly socket: string;
};

/**
 * Few plugins, one API worker, messages that go nowhere, no quota in the way: Neutron at its leanest. It has no DHCP agents to tell about
 * a port, so it is spared looking for them.
 */
const neutronConf = (folder: string, port: number): string => `[DEFAULT]
core_plugin = ml2
service_plugins =
auth_strategy = noauth
transport_url = fake://
bind_host = 127.0.0.1
bind_port = ${port}
api_workers = 1
rpc_workers = 0
rpc_state_report_workers = 0
state_path = ${folder}/state
api_paste_config = /etc/neutron/api-paste.ini
dhcp_agent_notification = false
notify_nova_on_port_status_changes = false
notify_nova_on_port_data_changes = false
log_file = ${folder}/neutron.log
[database]
connection = mysql+pymysql://root@localhost/neutron?unix_socket=${folder}/mysql.sock
[oslo_concurrency]
lock_path = ${folder}/lock
[quotas]
quota_network = -1
quota_subnet = -1
quota_port = -1
quota_security_group = -1
quota_security_group_rule = -1
[ml2]
type_drivers = local
tenant_network_types = local
mechanism_drivers = openvswitch
extension_drivers = port_security
`;

/** A MariaDB of its own, on a Unix socket alone, with the durability that Debian ships (a flush to disk a commit). */
const startMariadb = async (folder: string, cleanup: Cleanup): Promise<void> => {
  const data = join(folder, 'mysql');
  const socket = join(folder, 'mysql.sock');
  const install = ['mariadb-install-db', '--no-defaults', '--user=root', `--datadir=${data}`, '--auth-root-authentication-method=normal'];
  await execOut([...install, '--skip-test-db']);
  const client = ['mariadb', '--no-defaults', '-uroot', '-S', socket, '-e'];
  await startBackgroundProgram(
    {
      argv: ['mariadbd', '--no-defaults', '--user=root', `--datadir=${data}`, `--socket=${socket}`, '--skip-networking'],
      log: join(folder, 'mariadb.log'),
      isReady: async () =>
        await runProgram([...client, 'select 1']).then(
          () => true,
          () => false,
        ),
    },
    cleanup,
  );
  await runProgram([...client, 'create database neutron character set utf8mb3']);
};

/** Starts Debian's neutron-server with a fresh MariaDB, everything in a folder of its own and on loopback; the clean-up ends both. */
export const startNeutron = async (cleanup: Cleanup, progress: Progress): Promise<Neutron> => {
  await installPackages(['neutron-server', 'mariadb-server'], progress);
  const folder = await makeTempFolder('neutron', cleanup);
  const port = await freePort();
  const conf = join(folder, 'neutron.conf');
  await Promise.all([mkdir(join(folder, 'state')), mkdir(join(folder, 'lock')), writeFile(conf, neutronConf(folder, port))]);
  progress('peer: MariaDB, and the tables of Neutron');
  await startMariadb(folder, cleanup);
  await execOut(['neutron-db-manage', '--config-file', conf, 'upgrade', 'head']);
  progress('peer: neutron-server');
  const url = `http://127.0.0.1:${port}`;
  await startBackgroundProgram(
    {
      argv: ['neutron-server', '--config-file', conf],
      log: join(folder, 'neutron.out'),
      isReady: async () => await answersHttp(`${url}/v2.0/networks`),
      limitMs: 120_000,
    },
    cleanup,
  );
  const [neutron, mariadb] = await Promise.all([packageVersion('neutron-server'), packageVersion('mariadb-server')]);
  return { url, socket: join(folder, 'mysql.sock'), versions: `neutron-server ${neutron}, mariadb-server ${mariadb}` };
};
