import type { Qos } from './host-state.js';

/** Traffic that is treated like any other. */
export const NO_QOS: Qos = { dscp: null, limits: [] };
