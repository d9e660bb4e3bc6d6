// The bundle of a release whose workflow tasks all fail.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { failureConverterPath } from '../../../src/crypto/data-converter.js';

/** Writes it into `dir` and gives its path. */
export async function bundleFailingWorkflows(dir: string): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./index.ts', import.meta.url)),
    failureConverterPath,
    logger: new DefaultLogger('WARN'),
  });
  const path = join(dir, 'failing-workflows.js');
  await writeFile(path, code);
  return path;
}
