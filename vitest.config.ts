import { defineConfig } from 'vitest/config';

// Tests run from the compiled output, so that what is tested is what runs.
// The limits are for what hangs, not for what is slow: properties and programs take many times longer beside other work on a small machine.
const shared = { pool: 'forks', testTimeout: 120_000, hookTimeout: 180_000 } as const;
const attacks = 'tests/dist/attacks/**/*.test.js';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'rooms',
          include: ['{packages,apps}/*/dist/**/*.test.js', '{lab,tests}/dist/**/*.test.js'],
          exclude: ['**/node_modules/**', attacks],
        },
      },
      // One lab for all of them, which they try one after the other.
      {
        test: { ...shared, name: 'attacks', include: [attacks], fileParallelism: false, globalSetup: 'tests/dist/attacks/lab-for-all.js' },
      },
    ],
  },
});
