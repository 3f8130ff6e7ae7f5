/** Why the ledger cannot answer: its store fails (asked again later, it may work), or it has been closed. */
export type LedgerFaultCode = 'store-unavailable' | 'closed';

/** Thrown to a request that the ledger can neither answer nor refuse. Whether a write under way became durable is unknown to the client. */
export class LedgerFault extends Error {
  readonly code: LedgerFaultCode;
  readonly op: string;
  readonly subject = 'ledger';
  readonly retry: boolean;

  constructor(code: LedgerFaultCode, op: string, cause?: unknown) {
    super(code === 'closed' ? 'the server is shutting down' : 'the store does not answer', cause === undefined ? undefined : { cause });
    this.name = 'LedgerFault';
    this.code = code;
    this.op = op;
    this.retry = code === 'store-unavailable';
  }
}
