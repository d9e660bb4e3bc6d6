// Child of temporal-cli.mjs: lets the SDK download the official CLI into the directory given. The
// SDK has no call for that alone, so a server is started in memory and stopped again.
import { TestWorkflowEnvironment } from '@temporalio/testing';

const environment = await TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'cached-download', downloadDir: process.argv[2] } },
});
await environment.teardown();
