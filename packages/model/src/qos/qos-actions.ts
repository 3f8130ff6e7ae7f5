import type { Action } from '../action.js';

/** What can be done to members of this folder's kinds beyond changing attributes, by the last part of the URL. */
export const QOS_ACTIONS: readonly Action[] = [];
