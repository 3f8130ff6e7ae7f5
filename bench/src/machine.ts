import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { median } from './statistics.js';

/** The median time that the disk below the temporary folder takes to make 4 KiB durable, in milliseconds. */
const flushMs = (): number => {
  const path = join(tmpdir(), `manx-bench-flush-${process.pid}`);
  const file = openSync(path, 'w');
  try {
    const block = Buffer.alloc(4096);
    const samples = Array.from({ length: 100 }, () => {
      const from = performance.now();
      writeSync(file, block);
      fdatasyncSync(file);
      return performance.now() - from;
    });
    return median(samples);
  } finally {
    closeSync(file);
    rmSync(path);
  }
};

/** The machine in a line. */
export const describeMachine = (): string => {
  const all = cpus();
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return `${all[0]?.model.trim() ?? 'unknown processor'}, ${all.length} cores, ${memory} GiB; Linux ${release()}; Node ${process.versions.node}; flush of 4 KiB to disk ${flushMs().toFixed(2)} ms`;
};
