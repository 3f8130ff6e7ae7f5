/** HTTP to commands and commits and back, and the way from commits to the hosts. */
export { type ApiOptions, createApi, type RequestRecord } from './api-server.js';
export type { Authenticator, Refusal, RequestHeaders } from './authenticator.js';
export { type HostWiring, type HostWiringOptions, wireHosts } from './host-wiring.js';
export { type Decision, Ledger, type LedgerOptions, type Origin } from './ledger.js';
export { LedgerFault, type LedgerFaultCode } from './ledger-fault.js';
export { createNoAuthenticator, DEFAULT_PROJECT } from './no-authenticator.js';
