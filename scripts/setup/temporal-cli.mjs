// Finds Temporal's CLI, or gets it: TENURE_TEMPORAL_CLI, the PATH, the cache, the SDK's own download
// of the official build, and `go install`. What is too old or broken is named and passed over.
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './command.mjs';
import { withLock } from './lock.mjs';
import { cacheDirectory, checkout } from './place.mjs';
import { SetupProblem } from './problem.mjs';
import { say as sayLine, step } from './progress.mjs';

/** The last tag that `go install` accepts; it carries server 1.29.1. */
const GO_VERSION = 'v1.5.1';
const GO_PACKAGE = `github.com/temporalio/cli/cmd/temporal@${GO_VERSION}`;
/** Packages that it compiles, for the progress line; a little more or less does no harm. */
const GO_PACKAGES = 1_350;
/** The oldest server inside a CLI that Tenure was tested with. */
const MINIMUM_SERVER = [1, 29];
/** Without any byte for so long the download counts as impossible. */
const DOWNLOAD_SILENCE_MS = 15_000;

/** The path of a usable CLI; gets one where there is none. @throws {SetupProblem} */
export async function ensureTemporalCli(options = {}) {
  const { env = process.env, cache = cacheDirectory(env), say = sayLine } = options;
  const found = await look(env, cache, say);
  if (found !== null) return found;
  return withLock(join(cache, 'locks', 'temporal-cli'), say, async () => {
    const made = await fromCache(cache, () => undefined);
    if (made !== null) return made;
    const { download = downloadOfficial, goInstall = installWithGo } = options;
    return (await download(cache, env, say)) ?? (await goInstall(cache, env, say));
  });
}

/** The path of a usable CLI that is already on this machine. @throws {SetupProblem} if none is. */
export async function findTemporalCli(options = {}) {
  const { env = process.env, cache = cacheDirectory(env), say = sayLine } = options;
  const found = await look(env, cache, say);
  if (found === null) throw new SetupProblem('There is no Temporal CLI yet: run `npm test` once.');
  return found;
}

async function look(env, cache, say) {
  const named = env.TENURE_TEMPORAL_CLI ?? '';
  if (named !== '') {
    const reason = await whyUnusable(named);
    if (reason === null) return named;
    say(`TENURE_TEMPORAL_CLI=${named} ${reason}: looking elsewhere.`);
  }
  for (const directory of (env.PATH ?? '').split(delimiter)) {
    const path = join(directory === '' ? '.' : directory, 'temporal');
    if (!isExecutable(path)) continue;
    const reason = await whyUnusable(path);
    if (reason === null) return path;
    say(`${path} ${reason}: looking elsewhere.`);
  }
  return fromCache(cache, say);
}

async function fromCache(cache, say) {
  for (const kind of ['official', GO_VERSION]) {
    const path = join(cache, 'temporal-cli', kind, 'temporal');
    if (!isExecutable(path)) continue;
    const reason = await whyUnusable(path);
    if (reason === null) return path;
    say(`${path} ${reason}: looking elsewhere.`);
  }
  return null;
}

/** Null for a usable CLI, else what is wrong with it, to be read after its path. */
async function whyUnusable(path) {
  if (!isExecutable(path)) return 'is not an executable file';
  const { code, output } = await run(path, ['--version'], { timeoutMs: 15_000 });
  const server = /Server (\d+)\.(\d+)/.exec(output);
  if (code !== 0) return 'does not run';
  if (server === null) return 'does not say which Temporal server it has';
  const [major, minor] = [Number(server[1]), Number(server[2])];
  const [wantedMajor, wantedMinor] = MINIMUM_SERVER;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return null;
  return `is too old (server ${major}.${minor}, needed ${MINIMUM_SERVER.join('.')})`;
}

/** The SDK downloads the official build; it does so only while starting a server, in a child. */
async function downloadOfficial(cache, env, say) {
  const directory = join(cache, 'temporal-cli', `download-${process.pid}`);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const silence = new AbortController();
  const script = join(checkout, 'scripts', 'setup', 'download-temporal-cli.mjs');
  try {
    return await step('Downloading the Temporal CLI', 'some 100 MB, once', async (detail) => {
      let bytes = 0;
      let lastGrowth = Date.now();
      const watching = setInterval(() => {
        const now = sizeOf(directory);
        if (now > bytes) {
          bytes = now;
          lastGrowth = Date.now();
          detail(`${Math.round(bytes / 1e6)} MB`);
        } else if (Date.now() - lastGrowth > DOWNLOAD_SILENCE_MS) silence.abort();
      }, 250);
      const result = await run(process.execPath, [script, directory], {
        env,
        signal: silence.signal,
      });
      clearInterval(watching);
      const file = readdirSync(directory).find((name) => isExecutable(join(directory, name)));
      if (result.code !== 0 || file === undefined) throw new Error(result.output);
      return moveInto(cache, 'official', join(directory, file));
    });
  } catch {
    say('  The official download cannot be reached from here: building the CLI with Go instead.');
    return null;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function installWithGo(cache, env) {
  const version = await run('go', ['version'], { env, timeoutMs: 30_000 });
  // From 1.21 on, Go fetches the newer Go that a module asks for by itself.
  const minor = Number(/go1\.(\d+)/.exec(version.output)?.[1] ?? 0);
  if (version.code !== 0 || minor < 21) {
    throw new SetupProblem(
      'There is no Temporal CLI, it cannot be downloaded, and there is no recent Go to build it: install the CLI (https://docs.temporal.io/cli) or Go 1.25, or set TENURE_TEMPORAL_CLI to its path.',
    );
  }
  const directory = join(cache, 'temporal-cli', `build-${process.pid}`);
  mkdirSync(directory, { recursive: true });
  try {
    return await step(
      `Building the Temporal CLI ${GO_VERSION} with Go`,
      '3 to 7 minutes on two cores, once',
      async (detail) => {
        let compiled = 0;
        const result = await run('go', ['install', '-v', GO_PACKAGE], {
          env: { ...env, GOBIN: directory, GOFLAGS: env.GOFLAGS ?? '' },
          onLine: (line) => {
            if (line.startsWith('go: downloading')) {
              detail('downloading sources');
              return;
            }
            compiled += 1;
            const percent = Math.min(99, Math.round((compiled / GO_PACKAGES) * 100));
            detail(`${percent} %, ${compiled} packages compiled`);
          },
        });
        if (result.code !== 0) {
          const reason = result.output.split('\n').at(-1) ?? '';
          throw new SetupProblem(
            `Go could not build the Temporal CLI (${reason.trim()}): install the CLI (https://docs.temporal.io/cli) and set TENURE_TEMPORAL_CLI to its path.`,
          );
        }
        return moveInto(cache, GO_VERSION, join(directory, 'temporal'));
      },
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Into the cache by one rename: nobody ever sees half a file. */
function moveInto(cache, kind, file) {
  const directory = join(cache, 'temporal-cli', kind);
  mkdirSync(directory, { recursive: true });
  const path = join(directory, 'temporal');
  renameSync(file, path);
  return path;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function sizeOf(directory) {
  return readdirSync(directory)
    .map((name) => statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);
}
