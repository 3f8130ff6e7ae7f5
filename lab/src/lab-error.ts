/** Something about the lab that its user can mend; the message says what, to what, and what to do. */
export class LabError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'LabError';
    this.code = code;
  }
}
