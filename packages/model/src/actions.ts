import { ACCESS_ACTIONS } from './access/access-actions.js';
import type { Action } from './action.js';
import { ADDRESSING_ACTIONS } from './addressing/addressing-actions.js';
import { OPERATIONS_ACTIONS } from './operations/operations-actions.js';
import { QOS_ACTIONS } from './qos/qos-actions.js';
import { ROUTING_ACTIONS } from './routing/routing-actions.js';

/** Every action of the API. */
export const ACTIONS: readonly Action[] = [
  ...ADDRESSING_ACTIONS,
  ...ROUTING_ACTIONS,
  ...QOS_ACTIONS,
  ...ACCESS_ACTIONS,
  ...OPERATIONS_ACTIONS,
];

/** The action of this name on this kind. */
export function actionOf(kind: Action['kind'], name: string): Action | undefined {
  return ACTIONS.find((action) => action.kind === kind && action.name === name);
}
