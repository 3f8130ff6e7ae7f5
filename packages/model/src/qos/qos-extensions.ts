import type { Extension } from '../extensions.js';

/** The extensions of this folder that work. */
export const QOS_EXTENSIONS: readonly Extension[] = [
  {
    alias: 'qos',
    name: 'Quality of Service',
    description: 'Policies of limits and marks for ports, networks and floating IPs',
    updated: '2015-06-08T10:00:00-00:00',
  },
  {
    alias: 'qos-bw-limit-direction',
    name: 'Direction for QoS bandwidth limit rule',
    description: 'Bandwidth limits for either direction',
    updated: '2017-04-10T10:00:00-00:00',
  },
  {
    alias: 'qos-bw-minimum-ingress',
    name: 'Ingress direction for QoS minimum bandwidth rule',
    description: 'Minimum bandwidth for either direction',
    updated: '2018-07-09T10:00:00-00:00',
  },
  {
    alias: 'qos-default',
    name: 'QoS default policy',
    description: 'The policy of new networks of a project',
    updated: '2017-04-06T10:00:00-00:00',
  },
  {
    alias: 'qos-fip',
    name: 'Floating IP QoS',
    description: 'Bandwidth limits of floating IPs',
    updated: '2017-07-20T00:00:00-00:00',
  },
  {
    alias: 'qos-fip-network-policy',
    name: 'QoS floating IP network policy ID',
    description: "The QoS policy of a floating IP's network, which holds where it has none of its own",
    updated: '2021-11-15T10:00:00-00:00',
  },
  {
    alias: 'qos-pps',
    name: 'QoS Rule Type Packet per Second Extension',
    description: 'Limits of packet rates',
    updated: '2021-05-12T10:00:00-00:00',
  },
  {
    alias: 'qos-pps-minimum',
    name: 'QoS minimum packet rate rule',
    description: 'Minimum packet rates, for the scheduler',
    updated: '2021-07-14T10:00:00-00:00',
  },
  {
    alias: 'qos-pps-minimum-rule-alias',
    name: 'QoS minimum packet rate rule alias',
    description: 'Minimum packet rate rules without naming their policy',
    updated: '2021-10-22T10:00:00-00:00',
  },
  {
    alias: 'qos-rule-type-details',
    name: 'Details of QoS rule types',
    description: 'Which values of rules work',
    updated: '2017-06-22T10:00:00-00:00',
  },
  {
    alias: 'qos-rule-type-filter',
    name: 'Allow to filter the list of QoS rule types',
    description: 'Rule types by support',
    updated: '2022-02-02T10:00:00-00:00',
  },
  {
    alias: 'qos-rules-alias',
    name: 'Quality of Service rules alias API',
    description: 'Rules without naming their policy',
    updated: '2018-10-07T10:00:00-00:00',
  },
];
