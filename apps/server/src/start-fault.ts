/** Why the server did not start. */
export type StartFaultCode =
  | 'port-taken'
  | 'address-missing'
  | 'not-allowed'
  | 'no-socket'
  | 'open-to-all'
  | 'secret-unreadable'
  | 'secret-weak'
  | 'password-unreadable'
  | 'authority-unreadable'
  | 'policy-unreadable'
  | 'not-a-host'
  | 'failed';

/** Thrown while the server starts; its message is one paragraph that says what to do. */
export class StartFault extends Error {
  readonly code: StartFaultCode;
  readonly op = 'start';
  readonly subject: string;
  readonly retry = false;

  constructor(code: StartFaultCode, subject: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StartFault';
    this.code = code;
    this.subject = subject;
  }
}
