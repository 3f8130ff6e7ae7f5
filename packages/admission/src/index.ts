/** What must hold before a change is taken, and what it changes. */

export type { TagChange } from './access/tags.js';
export { admit } from './admit.js';
export { disallowed, mayAct } from './authority.js';
export type { Admitted, Command, Context, ReportedClaim, ReportedStatus, Request, Settings } from './command.js';
