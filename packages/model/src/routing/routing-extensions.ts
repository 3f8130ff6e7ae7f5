import type { Extension } from '../extensions.js';

/**
 * The extensions of this folder that work. Not among them, though some of their attributes are there because clients send them:
 * `dvr` and `l3-ha` (a client that finds them expects a router that says `distributed: true` when asked to be so; here every host
 * routes for every router, which has no name in Neutron), `l3-flavors` (it needs `flavors`, and there is none to choose),
 * `qos-gateway-ip` (a gateway carries no traffic that could be limited), and what
 * changes where a router's one gateway is (`external-gateway-multihoming`).
 */
export const ROUTING_EXTENSIONS: readonly Extension[] = [
  {
    alias: 'router',
    name: 'Neutron L3 Router',
    description: 'Routers and floating IPs',
    updated: '2012-07-20T10:00:00-00:00',
  },
  {
    alias: 'ext-gw-mode',
    name: 'Neutron L3 Configurable external gateway mode',
    description: 'Whether a gateway translates sources',
    updated: '2013-03-28T10:00:00-00:00',
  },
  {
    alias: 'extraroute',
    name: 'Neutron Extra Route',
    description: 'Static routes of routers',
    updated: '2013-02-01T10:00:00-00:00',
  },
  {
    alias: 'extraroute-atomic',
    name: 'Atomically add/remove extra routes',
    description: 'Adds and removes single routes of a router',
    updated: '2019-07-10T00:00:00+00:00',
  },
  {
    alias: 'router_availability_zone',
    name: 'Router Availability Zone',
    description: 'The zone of a router',
    updated: '2015-01-01T10:00:00-00:00',
  },
  {
    alias: 'router-admin-state-down-before-update',
    name: "Enforce Router's Admin State Down Before Update Extension",
    description: 'Only a router that is down can be asked to be distributed or not',
    updated: '2019-07-02T15:56:00',
  },
  {
    alias: 'router-interface-fip',
    name: 'Router interface FIP Extension',
    description: 'Floating IPs of external networks that a router is on by an interface',
    updated: '2015-11-11T10:00:00-00:00',
  },
  {
    alias: 'fip-port-details',
    name: 'Floating IP Port Details Extension',
    description: 'The port of a floating IP in its answers',
    updated: '2018-04-09T10:00:00-00:00',
  },
  {
    alias: 'floatingip-pools',
    name: 'Floating IP Pools Extension',
    description: 'Where floating IPs can be taken from',
    updated: '2018-03-21T10:00:00-00:00',
  },
  {
    alias: 'floating-ip-port-forwarding',
    name: 'Floating IP Port Forwarding',
    description: 'Ports of a floating IP that lead to ports of fixed IPs',
    updated: '2018-01-19T10:00:00-00:00',
  },
  {
    alias: 'floating-ip-port-forwarding-description',
    name: 'Floating IP Port Forwarding new attribute description',
    description: 'Descriptions of port forwardings',
    updated: '2019-11-01T10:00:00-00:00',
  },
  {
    alias: 'floating-ip-port-forwarding-detail',
    name: 'Floating IP port forwarding detail',
    description: 'Ids and ports of forwardings in the answers of floating IPs',
    updated: '2022-05-06T10:00:00-00:00',
  },
  {
    alias: 'floating-ip-port-forwarding-port-ranges',
    name: 'Floating IP Port Forwarding support port ranges',
    description: 'Ranges of ports',
    updated: '2020-07-01T10:00:00-00:00',
  },
  {
    alias: 'expose-port-forwarding-in-fip',
    name: 'Expose Floating IP port forwardings',
    description: 'Port forwardings in the answers of floating IPs',
    updated: '2018-06-28T16:00:00-00:00',
  },
];
