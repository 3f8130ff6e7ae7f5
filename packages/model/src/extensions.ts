import { ACCESS_EXTENSIONS } from './access/access-extensions.js';
import { ADDRESSING_EXTENSIONS } from './addressing/addressing-extensions.js';
import { CORE_EXTENSIONS } from './core-extensions.js';
import { OPERATIONS_EXTENSIONS } from './operations/operations-extensions.js';
import { QOS_EXTENSIONS } from './qos/qos-extensions.js';
import { ROUTING_EXTENSIONS } from './routing/routing-extensions.js';

/** One line of `GET /v2.0/extensions`: something beyond Neutron's core that works. */
export type Extension = { readonly alias: string; readonly name: string; readonly description: string; readonly updated: string };

/** Every extension that works, and no other. */
export const EXTENSIONS: readonly Extension[] = [
  {
    alias: 'binding',
    name: 'Port Binding',
    description: 'Expose port bindings of a virtual port to external application',
    updated: '2014-02-03T10:00:00-00:00',
  },
  {
    alias: 'empty-string-filtering',
    name: 'Empty String Filtering Extension',
    description: 'Filters by an empty value',
    updated: '2018-05-01T10:00:00-00:00',
  },
  {
    alias: 'filter-validation',
    name: 'Filter parameters validation',
    description: 'Refuses what is no filter',
    updated: '2018-03-21T10:00:00-00:00',
  },
  {
    alias: 'ip-substring-filtering',
    name: 'IP address substring filtering',
    description: 'Filters ports by a part of an address',
    updated: '2017-11-28T09:00:00-00:00',
  },
  {
    alias: 'l2_adjacency',
    name: 'L2 Adjacency',
    description: 'Says that networks have no common link',
    updated: '2016-04-12T16:00:00-00:00',
  },
  ...CORE_EXTENSIONS,
  ...ADDRESSING_EXTENSIONS,
  ...ROUTING_EXTENSIONS,
  ...QOS_EXTENSIONS,
  ...ACCESS_EXTENSIONS,
  ...OPERATIONS_EXTENSIONS,
  { alias: 'net-mtu', name: 'Network MTU', description: 'The MTU of a network', updated: '2015-03-25T10:00:00-00:00' },
  {
    alias: 'net-mtu-writable',
    name: 'Network MTU (writable)',
    description: 'The MTU of a network can be set',
    updated: '2017-07-12T00:00:00-00:00',
  },
  { alias: 'pagination', name: 'Pagination support', description: 'Lists by pages', updated: '2016-06-12T00:00:00-00:00' },
  {
    alias: 'project-id',
    name: 'project_id field enabled',
    description: 'project_id beside tenant_id',
    updated: '2016-09-09T09:09:09-09:09',
  },
  {
    alias: 'revision-if-match',
    name: 'If-Match constraints based on revision_number',
    description: 'Changes on condition of a revision',
    updated: '2016-12-11T00:00:00-00:00',
  },
  { alias: 'security-group', name: 'security-group', description: 'The security groups extension', updated: '2012-10-05T10:00:00-00:00' },
  {
    alias: 'security-groups-normalized-cidr',
    name: 'Normalized CIDR field for security group rules',
    description: 'remote_ip_prefix without host bits',
    updated: '2019-12-01T10:00:00-00:00',
  },
  { alias: 'sorting', name: 'Sorting support', description: 'Lists in order', updated: '2016-06-12T00:00:00-00:00' },
  {
    alias: 'standard-attr-description',
    name: 'standard-attr-description',
    description: 'Descriptions of all resources',
    updated: '2016-02-10T10:00:00-00:00',
  },
  {
    alias: 'standard-attr-revisions',
    name: 'Resource revision numbers',
    description: 'revision_number of all resources',
    updated: '2016-04-11T10:00:00-00:00',
  },
  {
    alias: 'standard-attr-timestamp',
    name: 'Resource timestamps',
    description: 'created_at and updated_at of all resources',
    updated: '2016-09-12T10:00:00-00:00',
  },
];
