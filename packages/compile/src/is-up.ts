import type { Network, Port } from '@manx/model';

/** Whether anything passes at the port (S19): it is administratively up, and so is its network. */
export function isUp(port: Port, network: Network | undefined): boolean {
  return port.admin_state_up && network?.admin_state_up === true;
}
