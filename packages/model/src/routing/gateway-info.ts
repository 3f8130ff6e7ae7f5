import { fixedIps } from '../address-rules.js';
import type { FixedIpWish } from '../port.js';
import { isProblem, problem } from '../problem.js';
import { boolean, isRecord, type ReadValue, shown, uuid, type ValueRule } from '../value-rule.js';

/** What is asked of a router's gateway: its network, and what of its address and source NAT is not left to the server. */
export type GatewayWish = {
  readonly network_id: string;
  readonly enable_snat?: boolean;
  readonly external_fixed_ips?: readonly FixedIpWish[];
};

const KEYS = ['network_id', 'enable_snat', 'external_fixed_ips', 'qos_policy_id'];

/** `external_gateway_info` as a `GatewayWish`; null or an empty object takes the gateway away. */
export const gatewayInfo: ValueRule = {
  schema: {
    type: ['object', 'null'],
    properties: {
      network_id: uuid.schema,
      enable_snat: boolean.schema,
      external_fixed_ips: fixedIps.schema,
      qos_policy_id: { type: 'null' },
    },
    additionalProperties: false,
  },
  read: (value) => {
    if (value === null || (isRecord(value) && Object.keys(value).length === 0)) return { value: null };
    if (!isRecord(value)) return { reason: `'${shown(value)}' is not a dictionary` };
    if (!Object.hasOwn(value, 'network_id') || Object.keys(value).some((key) => !KEYS.includes(key))) return { reason: wrongKeys(value) };
    return readParts(value);
  },
};

function wrongKeys(given: { readonly [key: string]: unknown }): string {
  return `Validation of dictionary's keys failed. Expected keys: ${KEYS.join(', ')} Provided keys: ${shown(Object.keys(given).join(', '))}`;
}

function readParts(given: { readonly [key: string]: unknown }): ReadValue {
  // A gateway has no device whose traffic could be limited: what it would carry is routed and translated on each instance's own host.
  if ((given['qos_policy_id'] ?? null) !== null) {
    return problem('BadRequest', {
      resource: 'router',
      msg: 'QoS policies on router gateways are not supported; put them on ports, networks or floating IPs',
    });
  }
  const wish: { [key: string]: unknown } = {};
  for (const [key, rule] of [
    ['network_id', uuid],
    ['enable_snat', boolean],
    ['external_fixed_ips', fixedIps],
  ] as const) {
    if (!Object.hasOwn(given, key)) continue;
    const read = rule.read(given[key]);
    if (isProblem(read) || 'reason' in read) return read;
    wish[key] = read.value;
  }
  return { value: wish };
}
