import { defineConfig } from 'vitest/config';

// Tests run from the compiled output, so that what is tested is what runs.
export default defineConfig({
  test: {
    include: ['{packages,apps}/*/dist/**/*.test.js', '{lab,tests}/dist/**/*.test.js'],
    exclude: ['**/node_modules/**'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
