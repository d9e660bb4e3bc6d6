// `npm run test:clients`: the same story by every SDK.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/clients/node-sdk.ts', 'test/clients/go-sdk.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
