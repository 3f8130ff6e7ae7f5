import { openSim } from '@manx/sim';

/** What the process is started with, as JSON in its first argument. */
export type AgentsStart = { readonly url: string; readonly secret: string; readonly hosts: number };

/** What it is asked for. */
export type AgentsOrder = { readonly kind: 'settle'; readonly ports: number } | { readonly kind: 'arm' };

/** What it says. */
export type AgentsMessage =
  | { readonly kind: 'settled' }
  | { readonly kind: 'armed' }
  /** `at`: milliseconds on the clock of `process.hrtime`, which all processes share. */
  | { readonly kind: 'heard'; readonly at: number };

const start = JSON.parse(process.argv[2] ?? '{}') as AgentsStart;
const say = (message: AgentsMessage): void => void process.send?.(message);
const clock = (): number => Number(process.hrtime.bigint()) / 1e6;

let unheard: Set<string> | null = null;
let wantedPorts: number | null = null;

const sim = openSim({
  ...start,
  onState: (host) => {
    if (unheard?.delete(host) !== true || unheard.size > 0) return;
    unheard = null;
    say({ kind: 'heard', at: clock() });
  },
  onChange: () => {
    if (wantedPorts !== null) isSettledSoon();
  },
});

/** Looked at now and then, not at each of thousands of changes. */
let timer: NodeJS.Timeout | null = null;
const isSettledSoon = (): void => {
  timer ??= setTimeout(() => {
    timer = null;
    const { connected, hosts, up } = sim.progress();
    if (wantedPorts === null || connected < hosts || up < wantedPorts) return;
    wantedPorts = null;
    say({ kind: 'settled' });
  }, 20);
};

process.on('message', (order: AgentsOrder) => {
  if (order.kind === 'settle') {
    wantedPorts = order.ports;
    isSettledSoon();
  } else {
    unheard = new Set(Array.from({ length: start.hosts }, (_, index) => `sim-${index + 1}`));
    say({ kind: 'armed' });
  }
});
const end = (): void => {
  void sim.close().then(() => process.exit(0));
};
process.on('SIGTERM', end);
process.on('disconnect', end);
