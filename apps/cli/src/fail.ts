/** Errors that carry their own explanation for the user; their stack would only hide it. */
const explained = new Set(['LabError', 'NeutronError', 'SettingsFault', 'Fault', 'StartFault', 'StoreFault', 'ApiFault']);

/** Wrong settings, or a wrong use of the command line, is 2; what was broken off by Ctrl-C is 130, as shells have it. */
const statusOf = (error: unknown): number => {
  if (!(error instanceof Error)) return 1;
  if (error.name === 'SettingsFault') return 2;
  const { code } = error as { readonly code?: unknown };
  return error.name !== 'LabError' ? 1 : code === 'interrupted' ? 130 : code === 'usage' ? 2 : 1;
};

/** Prints an error to standard error and sets the exit status: the message alone where it explains itself, else the stack too. */
export const fail = (error: unknown): void => {
  const text = error instanceof Error ? (explained.has(error.name) ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`manx: ${text}\n`);
  process.exitCode = statusOf(error);
};
