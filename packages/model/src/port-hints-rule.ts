import { isRecord, shown, type ValueRule } from './value-rule.js';

const STEERING: ReadonlySet<unknown> = new Set(['thread', 'hash']);

/**
 * Hints to a port's backend: null, or `{openvswitch: {other_config: {tx-steering: thread | hash}}}`, the only ones that Neutron knows
 * (neutron-lib `api/definitions/port_hints.py`). A hint binds nobody: hosts here are no Open vSwitch, and keep it for whoever asks.
 */
export const portHints: ValueRule = {
  schema: { type: ['object', 'null'] },
  read: (value) => (value === null || isHints(value) ? { value } : { reason: `'${shown(value)}' is not a valid hint` }),
};

function isHints(value: unknown): boolean {
  const config = only(only(value, 'openvswitch'), 'other_config');
  return isRecord(config) && Object.keys(config).join() === 'tx-steering' && STEERING.has(config['tx-steering']);
}

/** The value of an object's one key, when it is this one. */
function only(value: unknown, key: string): unknown {
  return isRecord(value) && Object.keys(value).join() === key ? value[key] : undefined;
}
