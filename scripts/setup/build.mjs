// dist/: the compiled service and the workflow bundle, each under a hash of what it is made from.
// Built once per content, kept in the cache, copied here; types are checked by `npm run check`.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { run } from './command.mjs';
import { cacheDirectory, checkout, filesBelow, hashOf, keepNewest, touch } from './place.mjs';
import { step } from './progress.mjs';

const dist = join(checkout, 'dist');
const source = join(checkout, 'src');
const BUNDLE = 'workflow-bundle.js';
const BUILDS_KEPT = 12;
/** What workflow code may import; the arrows of .dependency-cruiser.cjs hold it to that. */
const BUNDLED_FOLDERS = ['workflows', 'contract', 'domain'];
/** The bundle must hold it, or failures inside workflows stay in clear. */
const FAILURE_CONVERTER = join(source, 'crypto', 'failure-converter.mjs');

/** The bundle's path in dist/. */
export const workflowBundle = join(dist, BUNDLE);

/** Compiles src/ to dist/ unless dist/ is what src/ says. */
export async function ensureDist() {
  const inputs = [
    ...filesBelow(source),
    ...['package-lock.json', 'tsconfig.json', 'tsconfig.build.json'].map((f) => join(checkout, f)),
  ];
  const hash = hashOf(inputs, readFileSync(new URL(import.meta.url), 'utf8'));
  if (stampOf('build') === hash) return;
  const unfinished = join(checkout, `dist.${process.pid}.new`);
  rmSync(unfinished, { recursive: true, force: true });
  try {
    if (!fromCache(hash, unfinished)) {
      await step('Compiling', 'about 5 s', () => compile(unfinished));
      intoCache(hash, unfinished);
    }
    // The bundle has a hash of its own and need not be made again.
    for (const kept of [BUNDLE, stampName('bundle')]) {
      if (existsSync(join(dist, kept))) cpSync(join(dist, kept), join(unfinished, kept));
    }
    writeFileSync(join(unfinished, stampName('build')), hash);
    const old = join(checkout, `dist.${process.pid}.old`);
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(unfinished, dist);
    rmSync(old, { recursive: true, force: true });
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Makes dist/workflow-bundle.js unless it is what the workflow sources say. */
export async function ensureWorkflowBundle() {
  const script = join(checkout, 'scripts', 'bundle-workflows.mjs');
  const inputs = [
    ...BUNDLED_FOLDERS.flatMap((folder) => filesBelow(join(source, folder))),
    FAILURE_CONVERTER,
    join(checkout, 'package-lock.json'),
    script,
  ];
  const hash = hashOf(inputs);
  if (stampOf('bundle') === hash) return;
  const unfinished = join(dist, `${BUNDLE}.${process.pid}.new`);
  if (!fromCache(hash, unfinished)) {
    await step('Bundling the workflows', 'about 10 s', async () => {
      const args = [script, '--out', unfinished, '--failure-converter', FAILURE_CONVERTER];
      const { code, output } = await run(process.execPath, args, { cwd: checkout });
      if (code !== 0) throw new Error(`the workflows could not be bundled:\n${output}`);
    });
    intoCache(hash, unfinished);
  }
  renameSync(unfinished, workflowBundle);
  writeFileSync(join(dist, stampName('bundle')), hash);
}

async function compile(out) {
  const tsc = join(checkout, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, '-p', 'tsconfig.build.json', '--noCheck', '--outDir', out];
  const { code, output } = await run(process.execPath, args, { cwd: checkout });
  if (code !== 0) throw new Error(`the sources could not be compiled:\n${output}`);
  for (const file of filesBelow(source).filter((path) => !/\.[cm]?tsx?$/.test(path))) {
    const target = join(out, relative(source, file));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(file, target);
  }
}

const stampName = (what) => `.${what}-hash`;

function stampOf(what) {
  const file = join(dist, stampName(what));
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

function fromCache(hash, target) {
  const kept = join(cacheDirectory(), 'build', hash);
  if (!existsSync(kept)) return false;
  touch(kept);
  cpSync(kept, target, { recursive: true });
  return true;
}

/** By one rename: another clone that looks at the same time sees all of it or nothing. */
function intoCache(hash, made) {
  const builds = join(cacheDirectory(), 'build');
  mkdirSync(builds, { recursive: true });
  const unfinished = join(builds, `${hash}.${process.pid}.new`);
  cpSync(made, unfinished, { recursive: true });
  try {
    renameSync(unfinished, join(builds, hash));
  } catch {
    // Another clone was faster with the same content.
    rmSync(unfinished, { recursive: true, force: true });
  }
  keepNewest(builds, BUILDS_KEPT);
}
