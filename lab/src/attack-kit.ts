/** What attacks and oracle borrow from the lab: building one, its instances, its programs, its API, and single frames in any namespace. */
export { clientFor, subnetBody } from './apply-cloud.js';
export { beliefAbout } from './check/belief-about.js';
export type { Guest } from './check/field.js';
export { guestOf } from './check/guest-of.js';
export { type OpenFlow, openFlow } from './check/open-flow.js';
export { ping, tcpTo, udpTo } from './check/reach.js';
export { up } from './commands/up.js';
export { requestLease } from './dhcp-client.js';
export { bootInstance, deleteInstance } from './instances.js';
export { labPaths } from './lab-paths.js';
export {
  hostNamespace,
  instanceNamespace,
  type Layout,
  layoutOf,
  managementNamespace,
  outsideAddress4,
  outsideAddress6,
  outsideNamespace,
} from './layout.js';
export { execIn } from './namespace-exec.js';
export { type NeutronClient, NeutronError, type NeutronResource } from './neutron-client.js';
export { makeTap, removeGuest, removeTap, untilActive } from './plug-instance.js';
export { processControl } from './process-control.js';
export { waitUntil } from './program.js';
export { runProgram } from './run-program.js';
export { instanceNamed, readRunningLab } from './running-lab.js';
export { tearDown } from './tear-down.js';
export { announce, announceMac } from './wire/announce.js';
export { extensionHeaders, fragmentHeader, paddedHeader, routingHeader, sourceRoute } from './wire/extension-headers.js';
export * from './wire/frames.js';
export { type Link, openLinkOf } from './wire/link.js';
export { type Listener, listen } from './wire/listen.js';
export { serveTcp } from './wire/tcp-probe.js';
export { serveUdp } from './wire/udp-probe.js';
