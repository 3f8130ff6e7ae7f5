import type { CloudSpec } from './build-cloud.js';

/** A second project, for what one must not see of another. */
export const OTHER_PROJECT = 'b0000000000000000000000000000002';

/**
 * Whole states with a name, shared by the tests of all rooms (`buildCloud` makes them).
 * - `routed-pair`: two networks, no router, an instance on each, on two hosts.
 * - `web-and-db`: groups with remote groups and prefixes, both families, three hosts.
 * - `two-projects`: a shared network of the administrator's, a network of each of two projects.
 */
export const EXAMPLE_CLOUDS = {
  'routed-pair': {
    networks: { A: { subnets: { 'A-v4': '10.65.0.0/24' } }, B: { subnets: { 'B-v4': '172.18.0.0/16' } } },
    ports: {
      a1: { network: 'A', ips: ['10.65.0.2'], host: 'h1' },
      b1: { network: 'B', ips: ['172.18.3.23'], host: 'h2' },
    },
  },
  'web-and-db': {
    networks: {
      front: { subnets: { 'front-v4': '10.1.0.0/24', 'front-v6': '2001:db8:1::/64' } },
      back: { subnets: { 'back-v4': '10.2.0.0/24' } },
    },
    groups: {
      web: {
        rules: [
          { direction: 'egress' },
          { direction: 'egress', ethertype: 'IPv6' },
          { direction: 'ingress', protocol: 'tcp', port_range_min: 80, port_range_max: 80, remote_ip_prefix: '0.0.0.0/0' },
          { direction: 'ingress', ethertype: 'IPv6', protocol: 'tcp', port_range_min: 80, port_range_max: 80, remote_ip_prefix: '::/0' },
          { direction: 'ingress', protocol: 'icmp', port_range_min: 8, port_range_max: 0 },
        ],
      },
      db: {
        rules: [
          { direction: 'egress' },
          { direction: 'ingress', protocol: 'tcp', port_range_min: 5432, port_range_max: 5432, group: 'web' },
        ],
      },
    },
    ports: {
      web1: { network: 'front', ips: ['10.1.0.11', '2001:db8:1::11'], host: 'h1', groups: ['web'] },
      web2: { network: 'front', ips: ['10.1.0.12', '2001:db8:1::12'], host: 'h2', groups: ['web'] },
      db1: { network: 'back', ips: ['10.2.0.21'], host: 'h3', groups: ['db'] },
      idle: { network: 'back', ips: ['10.2.0.99'] },
    },
  },
  'two-projects': {
    networks: {
      provider: { shared: true, project_id: 'admin', subnets: { 'provider-v4': '192.0.2.0/24' } },
      mine: { subnets: { 'mine-v4': '10.10.0.0/24' } },
      theirs: { project_id: OTHER_PROJECT, subnets: { 'theirs-v4': '10.20.0.0/24' } },
    },
    ports: {
      m1: { network: 'mine', ips: ['10.10.0.5'], host: 'h1' },
      t1: { network: 'theirs', ips: ['10.20.0.5'], host: 'h1' },
      p1: { network: 'provider', project_id: OTHER_PROJECT, ips: ['192.0.2.5'], host: 'h2' },
    },
  },
} as const satisfies { readonly [name: string]: CloudSpec };
