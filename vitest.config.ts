import { defineConfig } from 'vitest/config';

// Tests run from the compiled output, so that what is tested is what runs.
// The limits are for what hangs, not for what is slow: properties and programs take many times longer beside other work on a small machine.
const shared = { pool: 'forks', testTimeout: 120_000, hookTimeout: 180_000, setupFiles: ['tools/properties.mjs'] } as const;
const attacks = 'tests/dist/attacks/**/*.test.js';
const scenarios = 'tests/dist/scenarios/**/*.test.js';
const verify = 'tests/dist/verify/**/*.test.js';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'rooms',
          include: ['{packages,apps}/*/dist/**/*.test.js', '{lab,tests}/dist/**/*.test.js'],
          exclude: ['**/node_modules/**', attacks, scenarios, verify],
        },
      },
      // The lab tells promises about time (a rule holds within a second): its tests have the machine to themselves.
      { test: { ...shared, name: 'scenarios', include: [scenarios], fileParallelism: false } },
      { test: { ...shared, name: 'verify', include: [verify], fileParallelism: false } },
      // One lab for all of them, which they try one after the other.
      {
        test: { ...shared, name: 'attacks', include: [attacks], fileParallelism: false, globalSetup: 'tests/dist/attacks/lab-for-all.js' },
      },
    ],
  },
});
