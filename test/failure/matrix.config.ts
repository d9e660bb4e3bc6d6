// `npm run test:failure`: the whole failure matrix, of which the suite runs a sample.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    include: ['test/failure/matrix.ts'],
    testTimeout: 30 * 60_000,
    hookTimeout: 60_000,
  },
});
