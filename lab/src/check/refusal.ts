import { NeutronError } from '../neutron-client.js';

/** What the API says to a request that must be refused; null when it was taken, and then taken back. */
export const refusal = async <T>(request: () => Promise<T>, undo: (made: T) => Promise<unknown>): Promise<NeutronError | null> => {
  try {
    await undo(await request());
    return null;
  } catch (error) {
    if (error instanceof NeutronError) return error;
    throw error;
  }
};

/** A refusal in words; a request that was taken stands out. */
export const refusedInWords = (error: NeutronError | null): string =>
  error === null ? 'ACCEPTED' : `${error.status} ${error.type}: ${error.message}`;
