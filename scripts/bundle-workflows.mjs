// Makes the workflow bundle that production workers load (`TENURE_WORKFLOW_BUNDLE`).
// node scripts/bundle-workflows.mjs --out FILE [--payload-converter FILE] [--failure-converter FILE]
import { writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const checkout = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(checkout, 'dist', 'workflow-bundle.js') },
    'payload-converter': { type: 'string' },
    'failure-converter': { type: 'string' },
  },
});
const path = (file) => (file === undefined ? undefined : resolve(file));

const workflows = (file) => join(checkout, 'src', 'workflows', file);
const workflowsPath = workflows('index.ts');

const { code } = await bundleWorkflowCode({
  workflowsPath,
  // Our modules keep nothing between two calls, so that all workflows of a thread share one copy, frozen,
  // instead of evaluating a copy each.
  preloadModules: [workflows('short-stacks.ts'), workflowsPath],
  payloadConverterPath: path(values['payload-converter']),
  failureConverterPath: path(values['failure-converter']),
  logger: new DefaultLogger('WARN'),
});
writeFileSync(values.out, code);
