import type { Port } from '@manx/model';

/** Whether a port is a router's on either side, which all hosts play together: it is an endpoint nowhere, whatever it is bound to. */
function isRouterPort({ device_owner: owner }: Port): boolean {
  return owner === 'network:router_interface' || owner === 'network:router_gateway';
}

/** Whether somebody can answer as this port: it is bound to a host as a tap. A router's own interface, which hosts play, is nobody's. */
export function isPluggedIn(port: Port | undefined): boolean {
  return port !== undefined && !isRouterPort(port) && port['binding:host_id'] !== '' && port['binding:vif_type'] === 'tap';
}
