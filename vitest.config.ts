import { defineConfig } from 'vitest/config';

// Tests run from the compiled output, so that what is tested is what runs.
export default defineConfig({
  test: {
    include: ['{packages,apps}/*/dist/**/*.test.js', '{lab,tests}/dist/**/*.test.js'],
    exclude: ['**/node_modules/**'],
    pool: 'forks',
    // What hangs, not what is slow: properties and programs take many times longer beside other work on a small machine.
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
