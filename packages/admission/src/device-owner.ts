/** Whether a port belongs to the network itself (`network:router_interface` and such): only administrators and services make those. */
export function isAdminPort(deviceOwner: string): boolean {
  return deviceOwner.startsWith('network:');
}
