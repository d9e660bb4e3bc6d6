import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    include: ['test/**/*.test.ts'],
    // They have commands of their own: `npm run test:failure`, `npm run test:kill`.
    exclude: [...configDefaults.exclude, 'test/failure/**', 'test/kill/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
