import type { Derived } from '../derived.js';

/** What of this folder is derived, not stored. */
export const ACCESS_DERIVED: readonly Derived[] = [];
