import { spawnIn } from '../namespace-exec.js';
import { execOut } from '../run-program.js';

/** What `iperf3 -J` tells at its end, as far as it is looked at. */
export type IperfEnd = {
  readonly sum_received: { readonly bits_per_second: number };
  readonly sum?: { readonly bits_per_second: number; readonly lost_percent: number };
};

/** Has a namespace send to another by iperf3 (`args` say how and for how long), at an address that leads there: what came of it. */
export const iperf = async (
  from: string,
  to: { readonly netns: string; readonly address: string },
  args: readonly string[],
): Promise<IperfEnd> => {
  const server = spawnIn(to.netns, ['iperf3', '-s', '-1', '--forceflush']);
  try {
    await new Promise<void>((resolve, reject) => {
      server.stdout?.setEncoding('utf8').on('data', (text: string) => {
        if (text.includes('listening')) resolve();
      });
      server.once('error', reject);
      server.once('exit', () => reject(new Error(`iperf3 -s in ${to.netns} ended at once`)));
    });
    const out = await execOut(['ip', 'netns', 'exec', from, 'iperf3', '-c', to.address, '-J', ...args]);
    return (JSON.parse(out) as { readonly end: IperfEnd }).end;
  } finally {
    server.kill('SIGKILL');
  }
};
