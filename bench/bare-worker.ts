// The process that works for the bare workflows: `bare-worker.ts ADDRESS QUEUE BUNDLE`. Same SDK, same
// limits as src/worker.ts; no codec, no database, no Okta. Ends at end of standard input.
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { BareActivities } from './bare-workflow.js';

// Switched on by the loader of TypeScript; the compiled worker has them off.
process.setSourceMapsEnabled(false);

const [address = '', taskQueue = '', codePath = ''] = process.argv.slice(2);
Runtime.install({ logger: new DefaultLogger('WARN'), shutdownSignals: [] });

const activities: BareActivities = { nothing: () => Promise.resolve() };
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  taskQueue,
  activities,
  workflowBundle: { codePath },
  maxConcurrentActivityTaskExecutions: 40,
  maxCachedWorkflows: 100,
});
process.stdin.once('end', () => {
  worker.shutdown();
});
process.stdin.resume();
process.stdout.write('ready\n');
await worker.run();
await connection.close();
