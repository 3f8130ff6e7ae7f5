import { spawnIn } from '../namespace-exec.js';

/** How a stream of echo requests fared. */
export type SteadyPing = { readonly sent: number; readonly received: number };

/**
 * Pings a thousand times a second while something is done to the network, and counts what got lost. `act` starts once replies flow,
 * and the stream goes on for a little after it ends.
 */
export const pingDuring = async (from: string, address: string, act: () => Promise<void>): Promise<SteadyPing> => {
  const child = spawnIn(from, ['ping', '-n', '-i', '0.001', '-W', '1', address]);
  let printed = '';
  const counted = new Promise<SteadyPing>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(printed) ?? [];
      resolve({ sent: Number(sent ?? 0), received: Number(received ?? 0) });
    });
  });
  const replies = (count: number) =>
    new Promise<void>((resolve) => {
      const goal = seen + count;
      const look = () => {
        if (seen < goal && child.exitCode === null && child.signalCode === null) return;
        child.stdout?.off('data', look);
        child.off('close', look);
        resolve();
      };
      child.stdout?.on('data', look);
      child.on('close', look);
    });
  let seen = 0;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    seen += text.split('bytes from').length - 1;
    // The summary comes last and is all that has to be kept.
    printed = (printed + text).slice(-2_000);
  });
  const enoughBefore = replies(200);
  const silence = new Promise<void>((resolve) => setTimeout(resolve, 3_000).unref());
  await Promise.race([enoughBefore, silence]);
  try {
    await act();
    await Promise.race([replies(300), new Promise<void>((resolve) => setTimeout(resolve, 3_000).unref())]);
  } finally {
    child.kill('SIGINT');
  }
  return await counted;
};
