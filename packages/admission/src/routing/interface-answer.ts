import type { Port, Router, Subnet } from '@manx/model';
import type { ActionResult } from '../rules.js';

/** What Neutron answers when an interface came or went; `subnet_id` is from before a port could be on several subnets. */
export function interfaceAnswer(router: Router, port: Port, subnets: readonly Subnet[]): ActionResult {
  const ids = subnets.map(({ id }) => id);
  return {
    answer: {
      id: router.id,
      tenant_id: port.project_id,
      project_id: port.project_id,
      port_id: port.id,
      network_id: port.network_id,
      subnet_id: ids.at(-1) ?? null,
      subnet_ids: ids,
    },
  };
}
