/** What a shell operation on the host failed with; ask by `code`, never by message. */
export type FaultCode =
  | 'refused' // the kernel or a program said no: the request is wrong for the state it is in
  | 'missing' // a program, a kernel feature, a file or an object is not there
  | 'not-permitted' // more rights are needed
  | 'lost' // the other side went away, or a reader fell behind
  | 'busy'; // held by somebody else, or changing too fast to be read

type FaultFields = {
  readonly code: FaultCode;
  /** What was tried, `apply nftables`. */
  readonly op: string;
  /** On what: an interface, a path, a program. */
  readonly subject: string;
  /** One sentence; the kernel's own words where it has some. */
  readonly detail: string;
  /** Positive errno of the kernel, when there is one. */
  readonly errno?: number | undefined;
  /** Whether the same request may pass later without anybody changing it. */
  readonly retry?: boolean;
  readonly cause?: unknown;
};

/** Thrown by every room that touches the host. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly op: string;
  readonly subject: string;
  readonly detail: string;
  readonly errno: number | null;
  readonly retry: boolean;

  constructor(fields: FaultFields) {
    super(`${fields.op} ${fields.subject}: ${fields.detail}`, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = 'Fault';
    this.code = fields.code;
    this.op = fields.op;
    this.subject = fields.subject;
    this.detail = fields.detail;
    this.errno = fields.errno ?? null;
    this.retry = fields.retry ?? false;
  }
}

/** Throws the first Fault of what became of several changes; null is a change that was made. */
export const demandDone = (outcomes: readonly (Fault | null)[]): void => {
  for (const fault of outcomes) if (fault !== null) throw fault;
};
