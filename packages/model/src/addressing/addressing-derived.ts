import type { Derived } from '../derived.js';
import { networkIpAvailability } from './ip-availability.js';

/** What of this folder is derived, not stored. */
export const ADDRESSING_DERIVED: readonly Derived[] = [networkIpAvailability];
