import { createInterface } from 'node:readline';
import { hostNamespace, spawnIn } from '@manx/lab/bench-kit';
import { stopProgram } from './background-program.js';
import type { Cleanup } from './cleanup.js';

/** When routes appeared in hosts' kernels. */
export type RouteWatch = {
  /** The wall clock's milliseconds at which a host had a route to an address for the first time; null when it has not. */
  readonly seen: (host: string, address: string) => number | null;
};

/** Watches the IPv4 routes of hosts from now on, with the time stamps of `ip -ts monitor`; the clean-up ends it. */
export const watchRoutes = (hosts: readonly string[], cleanup: Cleanup): RouteWatch => {
  const first = new Map<string, number>();
  for (const host of hosts) {
    const child = spawnIn(hostNamespace(host), ['ip', '-4', '-ts', 'monitor', 'route'], { stdio: ['ignore', 'pipe', 'ignore'] });
    cleanup.add(async () => await stopProgram(child));
    if (child.stdout === null) continue;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, at, address] = /^\[([^\]]+)\] ([\d.]+)(?:\/32)? .*\b(?:dev|via|proto)\b/.exec(line) ?? [];
      if (at === undefined || address === undefined) return;
      const key = `${host} ${address}`;
      if (!first.has(key)) first.set(key, wallMs(at));
    });
  }
  return { seen: (host, address) => first.get(`${host} ${address}`) ?? null };
};

/** `2026-01-31T12:00:00.123456`, local time, in milliseconds with their fractions. */
const wallMs = (stamp: string): number => {
  const [seconds = '', micros = '0'] = stamp.split('.');
  return new Date(seconds).getTime() + Number(`0.${micros}`) * 1000;
};
