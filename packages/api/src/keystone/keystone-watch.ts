import { RemoteFault } from './remote-fault.js';

/** Whether Keystone can be used, as far as this server knows. */
export type KeystoneWatch = {
  /** To be told of each call's outcome. */
  readonly saw: (fault: RemoteFault | null) => void;
  /** Begins to ask by itself: at once, then when nothing else has for a while, more often while it fails. */
  readonly start: (probe: () => Promise<unknown>) => void;
  /** Why it cannot be used, in words, or null. */
  readonly trouble: () => string | null;
  readonly close: () => void;
};

/** How often to ask, in milliseconds; and who is told when it changes between working (null) and not. */
export type KeystoneWatchOptions = {
  readonly onChange: (fault: RemoteFault | null) => void;
  readonly whileWellMs?: number;
  readonly whileAwayMs?: number;
};

const WHILE_WELL_MS = 15_000;
const WHILE_AWAY_MS = 1_000;

/** Makes a watch; it takes Keystone for well until it is told otherwise. */
export const createKeystoneWatch = ({
  onChange,
  whileWellMs = WHILE_WELL_MS,
  whileAwayMs = WHILE_AWAY_MS,
}: KeystoneWatchOptions): KeystoneWatch => {
  let fault: RemoteFault | null = null;
  let isClosed = false;
  let timer: NodeJS.Timeout | null = null;

  const saw = (outcome: RemoteFault | null): void => {
    // A service without an endpoint is a gap in the catalogue: Keystone itself works.
    const next = outcome?.code === 'no-endpoint' ? null : outcome;
    const isNews = next?.message !== fault?.message;
    fault = next;
    if (isNews && !isClosed) onChange(fault);
  };
  const ask = async (probe: () => Promise<unknown>): Promise<void> => {
    try {
      await probe();
    } catch (error) {
      // `saw` has been told already by the client that the probe asks through.
      if (!(error instanceof RemoteFault)) throw error;
    }
    if (isClosed) return;
    timer = setTimeout(() => void ask(probe), fault === null ? whileWellMs : whileAwayMs);
    timer.unref();
  };
  return {
    saw,
    start: (probe) => void ask(probe),
    trouble: () => (fault === null ? null : fault.message),
    close: () => {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
};
