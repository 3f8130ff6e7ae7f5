/** What must hold before a change is taken, and what it changes. */
export { admit } from './admit.js';
export type { Admitted, Command, Context, ReportedStatus, Request, Settings } from './command.js';
