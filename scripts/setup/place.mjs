// Where things are: this checkout, and the cache that outlives it and serves the next clone.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top folder of this checkout. */
export const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** `${XDG_CACHE_HOME:-~/.cache}/tenure`; a relative XDG_CACHE_HOME does not count. */
export function cacheDirectory(env = process.env) {
  const base = env.XDG_CACHE_HOME ?? '';
  return join(base.startsWith('/') ? base : join(homedir(), '.cache'), 'tenure');
}

/** All files below `directory`, sorted, as absolute paths. */
export function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    })
    .sort();
}

/** A short hash over names and contents; what lies in `root` is named relative to it. */
export function hashOf(files, extra = '', root = checkout) {
  const hash = createHash('sha256').update(extra);
  for (const file of files) {
    hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 32);
}

/** Makes an entry of a cache folder the newest one. */
export function touch(path) {
  const now = new Date();
  utimesSync(path, now, now);
}

const UNFINISHED_FOR_MS = 3_600_000;

/** Keeps the `count` newest entries of a cache folder, and what another set-up is just writing. */
export function keepNewest(directory, count) {
  const entries = readdirSync(directory)
    .map((name) => join(directory, name))
    .map((path) => ({ path, at: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .filter(({ path, at }) => !path.endsWith('.new') || at < Date.now() - UNFINISHED_FOR_MS)
    .sort((a, b) => b.at - a.at);
  for (const { path } of entries.slice(count)) rmSync(path, { recursive: true, force: true });
}
