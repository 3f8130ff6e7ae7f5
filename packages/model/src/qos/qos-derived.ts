import type { Derived, Row } from '../derived.js';
import { DSCP_MARKS } from './qos-dscp-marking-rule.js';
import type { QosRuleType } from './qos-rule-kinds.js';

/** What of this folder is derived, not stored. */
export const QOS_DERIVED: readonly Derived[] = [
  {
    name: 'rule_type',
    singular: 'rule_type',
    collection: 'rule_types',
    path: 'qos/rule-types',
    doc: 'The kinds of QoS rules, and the values that hosts (for minimums: the scheduler) can do something with.',
    key: 'type',
    attributes: {
      type: { type: 'string' },
      drivers: { type: 'array', items: { type: 'object' } },
    },
    // Every type works, so these two make no difference; clients send them (`qos-rule-type-filter`).
    accepted: ['all_supported', 'all_rules'],
    onlyShown: ['drivers'],
    // Neutron's server asks for an administrator here, whatever its policy says (`services/qos/qos_plugin.py`, `get_rule_type`).
    shownBy: 'get_rule_type:details',
    notFound: 'QoS rule type {id} could not be found.',
    rows: () => ROWS,
  },
];

/** What a parameter of a rule can be, in Neutron's words. */
type Parameter = { readonly parameter_name: string } & (
  | { readonly parameter_type: 'range'; readonly parameter_values: { readonly start: number; readonly end: number } }
  | { readonly parameter_type: 'choices'; readonly parameter_values: readonly (string | number)[] }
);

const BOTH_WAYS = choices('direction', ['egress', 'ingress']);

const PARAMETERS: { readonly [T in QosRuleType]: readonly Parameter[] } = {
  bandwidth_limit: [range('max_kbps'), range('max_burst_kbps'), BOTH_WAYS],
  dscp_marking: [choices('dscp_mark', DSCP_MARKS)],
  minimum_bandwidth: [range('min_kbps'), BOTH_WAYS],
  minimum_packet_rate: [range('min_kpps'), choices('direction', ['egress', 'ingress', 'any'])],
  packet_rate_limit: [range('max_kpps'), range('max_burst_kpps'), BOTH_WAYS],
};

const ROWS: readonly Row[] = Object.entries(PARAMETERS).map(([type, supported_parameters]) => ({
  type,
  drivers: [{ name: 'manx', supported_parameters }],
}));

function range(name: string): Parameter {
  return { parameter_name: name, parameter_type: 'range', parameter_values: { start: 0, end: 2 ** 31 - 1 } };
}

function choices(name: string, values: readonly (string | number)[]): Parameter {
  return { parameter_name: name, parameter_type: 'choices', parameter_values: values };
}
