// The workflow code as a next release might have it: the sources of this one with a piece of text put in,
// bundled like the real thing.
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { failureConverterPath } from '../../src/crypto/data-converter.js';

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));

export interface Change {
  /** Below `src`. */
  file: string;
  /** Stands in the file exactly once; `put` comes before it. */
  before: string;
  put: string;
}

/** Path of the bundle; it lies in a directory of its own until `remove`. */
export async function bundleVariant(
  changes: Change[],
): Promise<{ codePath: string; remove: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'tenure-variant-'));
  await cp(join(CHECKOUT, 'src'), join(dir, 'src'), { recursive: true });
  await symlink(join(CHECKOUT, 'node_modules'), join(dir, 'node_modules'));
  for (const { file, before, put } of changes) {
    const path = join(dir, 'src', file);
    const [head, tail, ...more] = (await readFile(path, 'utf8')).split(before);
    if (tail === undefined || more.length > 0) throw new Error(`not once in ${file}: ${before}`);
    await writeFile(path, `${head}${put}${before}${tail}`);
  }
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(dir, 'src', 'workflows', 'index.ts'),
    failureConverterPath,
    logger: new DefaultLogger('WARN'),
  });
  const codePath = join(dir, 'workflow-bundle.js');
  await writeFile(codePath, code);
  return { codePath, remove: () => rm(dir, { recursive: true, force: true }) };
}
