// A secret may be given as a file: NAME_FILE is read into NAME of this process alone, so that it shows
// neither in `docker inspect` nor in the environment of other processes of the container.
// (TENURE_MASTER_KEY_FILE and TENURE_ADMIN_KEY_FILE are read by Tenure itself.)
import { readFileSync } from 'node:fs';

const FROM_FILES = ['DATABASE_URL', 'TEMPORAL_API_KEY'];

/** @throws {Error} one sentence, naming the variable. */
export function readSecretFiles(env = process.env) {
  for (const variable of FROM_FILES) {
    const file = env[`${variable}_FILE`] ?? '';
    if (file === '') continue;
    try {
      env[variable] = readFileSync(file, 'utf8').trim();
    } catch (error) {
      throw new Error(`${variable}_FILE: ${file} cannot be read (${error.code})`, { cause: error });
    }
  }
}
