// `npm run test:production`: the layout of production without Docker. No part of the suite: it builds
// the cluster server once (two minutes) and then takes some minutes itself.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/production/*.production.ts', 'test/production/compose.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    // Each file has a whole layout; one at a time is enough for a machine.
    maxWorkers: 1,
    fileParallelism: false,
  },
});
