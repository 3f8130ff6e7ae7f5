import { agentToken, type HeldState } from '@manx/feed';
import { asHostName, type HostName } from '@manx/hoststate';
import { SimHost } from './sim-host.js';

/** Which hosts to simulate, and how they behave. */
export type SimOptions = {
  /** Where the server listens for agents: `http://127.0.0.1:9697`. */
  readonly url: string;
  /** What the server makes its agents' tokens from. */
  readonly secret: string;
  readonly hosts: number;
  /** Hosts are PREFIX1 to PREFIXn; `sim-` unless told. */
  readonly prefix?: string;
  /** 0 unless told. */
  readonly reportDelayMs?: number;
  /** 0 to 1; 0 unless told. */
  readonly failRate?: number;
  /** Told, often, that `progress` may have changed. */
  readonly onChange?: () => void;
  /** Told of every whole state that a host has got, at once. */
  readonly onState?: (host: HostName, held: HeldState) => void;
};

/** How all hosts are, together. */
export type SimProgress = {
  readonly hosts: number;
  readonly connected: number;
  /** Ports that the server has given to these hosts. */
  readonly ports: number;
  readonly up: number;
  readonly failed: number;
  /** Why a host is not connected, one host's words; null when all are. */
  readonly problem: string | null;
};

/** Hosts that are simulated in this process. */
export type Sim = {
  readonly progress: () => SimProgress;
  /** Ends all sessions. Closing twice is fine. */
  readonly close: () => Promise<void>;
};

/** Starts the hosts; they connect, and connect again, until closed. Throws when prefix and number make no host name, or the URL is none. */
export const openSim = (options: SimOptions): Sim => {
  const { url, secret, prefix = 'sim-', reportDelayMs = 0, failRate = 0, onChange = () => undefined, onState } = options;
  const names = Array.from({ length: options.hosts }, (_, index) => asHostName(`${prefix}${index + 1}`));
  const hosts = names.map(
    (host) => new SimHost({ url, host, token: agentToken(secret, host), reportDelayMs, failRate, onChange, onState }),
  );
  return {
    progress: () => sum(hosts),
    close: async () => {
      await Promise.all(hosts.map((host) => host.close()));
    },
  };
};

const sum = (hosts: readonly SimHost[]): SimProgress => {
  const total = { hosts: hosts.length, connected: 0, ports: 0, up: 0, failed: 0, problem: null as string | null };
  for (const { counts } of hosts) {
    total.connected += Number(counts.isConnected);
    total.ports += counts.ports;
    total.up += counts.up;
    total.failed += counts.failed;
    total.problem ??= counts.problem;
  }
  return total;
};
