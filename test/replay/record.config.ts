// `npm run record-history`: runs record.ts, which is no test of the suite.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    include: ['test/replay/record.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
