// The files of a master key that is being replaced: the next one is written beside it and made durable
// before anything is wrapped by it, then takes its place by one rename. Nothing here is ever overwritten.
import { randomBytes } from 'node:crypto';
import { link, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CryptoError } from './errors.js';

/** Where the next master key of `path` lies. */
export function nextKeyFile(path: string): string {
  return `${path}.next`;
}

/**
 * Makes a key file where there is none; whatever is there is durable when this resolves.
 * @param like a key file whose mode and owner the new one gets; otherwise it is its maker's, mode 0600.
 * @throws {CryptoError} `MASTER_KEY_UNWRITABLE`
 */
export async function ensureKeyFile(file: string, like?: string): Promise<void> {
  try {
    if (!(await exists(file))) await makeKeyFile(file, like);
    await sync(file);
    await sync(dirname(file));
  } catch (error) {
    throw new CryptoError(
      'MASTER_KEY_UNWRITABLE',
      `The new master key cannot be kept in ${file} (${codeOf(error) ?? 'unknown'}): run this as the owner of that place, or name another file.`,
      { cause: error },
    );
  }
}

/** The next key takes the place of `path`; false where the file system does not let us. */
export async function replaceKeyFile(path: string): Promise<boolean> {
  try {
    await rename(nextKeyFile(path), path);
    await sync(dirname(path));
    return true;
  } catch (error) {
    const code = codeOf(error);
    // Somebody else has done it.
    if (code === 'ENOENT') return true;
    if (code !== undefined && READ_ONLY.has(code)) return false;
    throw error;
  }
}

/** A secret that is mounted, or belongs to somebody else. */
const READ_ONLY = new Set(['EROFS', 'EACCES', 'EPERM', 'EBUSY', 'EXDEV']);

/** A hard link appears with its whole content or not at all, and only where there was no file. */
async function makeKeyFile(file: string, like: string | undefined): Promise<void> {
  const unfinished = `${file}.new`;
  await rm(unfinished, { force: true });
  const handle = await open(unfinished, 'wx', 0o600);
  try {
    await handle.writeFile(`${randomBytes(32).toString('base64')}\n`);
    const model = like === undefined ? null : await stat(like).catch(() => null);
    if (model !== null) {
      const { uid, gid } = await handle.stat();
      if (uid !== model.uid || gid !== model.gid) await handle.chown(model.uid, model.gid);
      await handle.chmod(model.mode & 0o777);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(unfinished, file);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function exists(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null)) !== null;
}

/** Of a file or a directory. */
async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
