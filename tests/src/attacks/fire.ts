import { openLinkOf } from '@manx/lab/attack-kit';

/** An interface that is not up yet, or whose queue is full (errno 100 and 105): the next burst will do. */
const passing = new Set([100, 105]);

/**
 * Sends frames over and over, as fast as this process can beside its other work, until it is told to stop; how many it sent. An interface
 * that is not there yet or any more is only less to shoot at.
 */
export const fire = (namespace: string, frames: readonly Uint8Array[]): { readonly stop: () => number } => {
  const link = openLinkOf(namespace);
  let sent = 0;
  let isOn = true;
  const burst = (): void => {
    if (!isOn) return;
    for (const frame of frames) {
      try {
        link.send(frame);
        sent += 1;
      } catch (error) {
        if (!passing.has((error as { readonly errno?: number }).errno ?? 0)) throw error;
      }
    }
    setTimeout(burst, 1);
  };
  burst();
  return {
    stop: () => {
      isOn = false;
      link.close();
      return sent;
    },
  };
};
