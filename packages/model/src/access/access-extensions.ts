import type { Extension } from '../extensions.js';

/** The extensions of this folder that work. */
export const ACCESS_EXTENSIONS: readonly Extension[] = [
  {
    alias: 'quota-check-limit',
    name: 'Quota engine limit check',
    description: 'Limits that are not to be below what is used',
    updated: '2021-09-08T16:00:00-00:00',
  },
  {
    alias: 'quota_details',
    name: 'Quota details management support',
    description: 'What a project uses of its quotas',
    updated: '2017-02-10T10:00:00-00:00',
  },
  { alias: 'quotas', name: 'Quota management support', description: 'Limits by project', updated: '2012-07-29T10:00:00-00:00' },
  {
    alias: 'rbac-address-group',
    name: 'Add address_group type to RBAC',
    description: 'Address groups that other projects may use',
    updated: '2021-01-20T00:00:00-00:00',
  },
  {
    alias: 'rbac-address-scope',
    name: 'Add address_scope type to RBAC',
    description: 'Address scopes that other projects may use',
    updated: '2020-02-12T00:00:00-00:00',
  },
  {
    alias: 'rbac-policies',
    name: 'RBAC Policies',
    description: 'Networks and QoS policies that other projects may use',
    updated: '2015-06-17T12:15:12-00:00',
  },
  {
    alias: 'rbac-security-groups',
    name: 'Add security_group type to network RBAC',
    description: 'Security groups that other projects may use',
    updated: '2019-02-14T00:00:00-00:00',
  },
  {
    alias: 'rbac-subnetpool',
    name: 'Add subnetpool type to RBAC',
    description: 'Subnet pools that other projects may use',
    updated: '2020-02-05T00:00:00-00:00',
  },
  {
    alias: 'security-groups-default-rules',
    name: 'Default rules for security groups',
    description: 'Templates of the rules that new security groups begin with',
    updated: '2022-12-19T10:00:00-00:00',
  },
  {
    alias: 'standard-attr-tag',
    name: 'Tag support for resources with standard attribute',
    description: 'Tags of resources',
    updated: '2017-01-01T00:00:00-00:00',
  },
  {
    alias: 'tag-creation',
    name: 'Tag creation extension',
    description: 'Several tags added by one POST',
    updated: '2024-07-23T10:00:00-00:00',
  },
  // What the extension was called before it was one; Tempest still asks for these.
  { alias: 'tag', name: 'Tag support', description: 'Tags of networks', updated: '2016-01-01T00:00:00-00:00' },
  {
    alias: 'tag-ext',
    name: 'Tag support for resources: subnet, subnetpool, port, router',
    description: 'Tags of other resources',
    updated: '2017-01-01T00:00:00-00:00',
  },
];
