import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureTemporalCli, findTemporalCli } from '../../scripts/setup/temporal-cli.mjs';

let dir: string;
let said: string[];
const say = (line: string) => said.push(line);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tenure-cli-'));
  said = [];
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

/** An executable that answers `--version` as the CLI does, or badly. */
function fake(
  path: string,
  answer = 'echo "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"',
): string {
  const file = join(dir, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${answer}\n`);
  chmodSync(file, 0o755);
  return file;
}

const cache = () => join(dir, 'cache');
const path = () => [join(dir, 'one'), join(dir, 'two')].join(':');

describe('the Temporal CLI', () => {
  it('is the one that TENURE_TEMPORAL_CLI names, before all others', async () => {
    const named = fake('named/my-temporal');
    fake('one/temporal');
    const env = { TENURE_TEMPORAL_CLI: named, PATH: path() };
    expect(await findTemporalCli({ env, cache: cache(), say })).toBe(named);
    expect(said).toEqual([]);
  });

  it('is the first usable one on the PATH, before the cache', async () => {
    fake('cache/temporal-cli/v1.5.1/temporal');
    const old = fake('one/temporal', 'echo "temporal version 1.3.0 (Server 1.27.1, UI 2.36.0)"');
    const good = fake('two/temporal');
    expect(await findTemporalCli({ env: { PATH: path() }, cache: cache(), say })).toBe(good);
    expect(said).toEqual([`${old} is too old (server 1.27, needed 1.29): looking elsewhere.`]);
  });

  it.each([
    ['exit 1', 'does not run'],
    ['echo hello', 'does not say which Temporal server it has'],
  ])('passes over an executable that answers with `%s`', async (answer, reason) => {
    const broken = fake('broken', answer);
    const cached = fake('cache/temporal-cli/v1.5.1/temporal');
    const env = { TENURE_TEMPORAL_CLI: broken, PATH: path() };
    expect(await findTemporalCli({ env, cache: cache(), say })).toBe(cached);
    expect(said).toEqual([`TENURE_TEMPORAL_CLI=${broken} ${reason}: looking elsewhere.`]);
  });

  it('passes over a path that leads nowhere', async () => {
    const cached = fake('cache/temporal-cli/official/temporal');
    const env = { TENURE_TEMPORAL_CLI: join(dir, 'missing'), PATH: '' };
    expect(await findTemporalCli({ env, cache: cache(), say })).toBe(cached);
    expect(said).toEqual([expect.stringContaining('is not an executable file')]);
  });

  it('is the official build, before what the cache of an earlier one was built from', async () => {
    fake('cache/temporal-cli/v1.5.1/temporal');
    const official = fake('cache/temporal-cli/official/temporal');
    expect(await findTemporalCli({ env: {}, cache: cache(), say })).toBe(official);
  });

  it('is downloaded where there is none, and built only where that fails', async () => {
    const tried: string[] = [];
    const source = (name: string, answer: string | null) => () => {
      tried.push(name);
      return Promise.resolve(answer);
    };
    const options = { env: {}, cache: cache(), say };
    expect(
      await ensureTemporalCli({
        ...options,
        download: source('download', '/downloaded'),
        goInstall: source('go', '/built'),
      }),
    ).toBe('/downloaded');
    expect(
      await ensureTemporalCli({
        ...options,
        download: source('download', null),
        goInstall: source('go', '/built'),
      }),
    ).toBe('/built');
    expect(tried).toEqual(['download', 'download', 'go']);
  });

  it('is made by one of two set-ups only; the other waits for it and takes it', async () => {
    let made = 0;
    const download = () => {
      made += 1;
      return Promise.resolve(fake('cache/temporal-cli/official/temporal'));
    };
    const options = { env: {}, cache: cache(), say, download };
    const [one, two] = await Promise.all([ensureTemporalCli(options), ensureTemporalCli(options)]);
    expect(made).toBe(1);
    expect(one).toBe(two);
  });

  it('says in one sentence what to do where there is no way to get it', async () => {
    const options = {
      env: { PATH: '' },
      cache: cache(),
      say,
      download: () => Promise.resolve(null),
    };
    await expect(ensureTemporalCli(options)).rejects.toThrow(
      'install the CLI (https://docs.temporal.io/cli) or Go 1.25, or set TENURE_TEMPORAL_CLI to its path.',
    );
  });

  it('is built with Go under the progress of its packages, and moved into the cache whole', async () => {
    const go = fake(
      'one/go',
      `case "$1" in version) echo go version go1.25.1; exit 0;; esac
echo google.golang.org/grpc >&2
printf '#!/bin/sh\\necho "(Server 1.29.1)"\\n' > "$GOBIN/temporal"; chmod +x "$GOBIN/temporal"`,
    );
    const env = { PATH: `${dirname(go)}:/usr/bin:/bin` };
    const built = await ensureTemporalCli({
      env,
      cache: cache(),
      say,
      download: () => Promise.resolve(null),
    });
    expect(built).toBe(join(cache(), 'temporal-cli', 'v1.5.1', 'temporal'));
    expect(await findTemporalCli({ env: {}, cache: cache(), say })).toBe(built);
  });

  it('names the reason when Go cannot build it', async () => {
    fake(
      'one/go',
      `case "$1" in version) echo go version go1.25.1; exit 0;; esac\necho "no such host" >&2; exit 1`,
    );
    const env = { PATH: `${join(dir, 'one')}:/usr/bin:/bin` };
    await expect(
      ensureTemporalCli({ env, cache: cache(), say, download: () => Promise.resolve(null) }),
    ).rejects.toThrow('Go could not build the Temporal CLI (no such host)');
  });
});
