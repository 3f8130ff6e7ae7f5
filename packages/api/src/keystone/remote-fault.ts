/**
 * Why another service could not be used: it cannot be reached (or not in time), it fails, its answer is not what its API promises, it
 * does not take this server's user, it does not let that user do this, or the catalogue has no endpoint of it.
 */
export type RemoteFaultCode =
  | 'unreachable'
  | 'timed-out'
  | 'failing'
  | 'bad-answer'
  | 'credentials-refused'
  | 'not-allowed'
  | 'no-endpoint';

/** Thrown when a call of another service came to nothing. Its message names the URL and never a header, a body, a password or a token. */
export class RemoteFault extends Error {
  readonly code: RemoteFaultCode;
  readonly op: string;
  /** The URL without query, or the name of the service. */
  readonly subject: string;
  readonly errno?: string;
  readonly retry = true;

  constructor(
    code: RemoteFaultCode,
    { op, subject, detail, errno }: { readonly op: string; readonly subject: string; readonly detail: string; readonly errno?: string },
  ) {
    super(`${subject} ${detail}`);
    this.name = 'RemoteFault';
    this.code = code;
    this.op = op;
    this.subject = subject;
    if (errno !== undefined) this.errno = errno;
  }
}
