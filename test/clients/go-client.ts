/**
 * Okta's SDK for Go as the story's client: a small program (`go/main.go`) around the SDK, built
 * once into the cache and spoken to in lines of JSON.
 */
import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Interface, createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import {
  type ClientConfig,
  MAX_RETRIES,
  type Person,
  type SdkClient,
  SdkFailure,
  type Team,
  personSchema,
  teamSchema,
} from './story.js';

const run = promisify(execFile);
const sources = fileURLToPath(new URL('go', import.meta.url));

/** Go as it is installed: it is not to fetch another version of itself. */
const goEnv = {
  ...process.env,
  GOTOOLCHAIN: 'local',
  GOFLAGS: '',
  GOWORK: 'off',
  CGO_ENABLED: '0',
};

/** The version in `go.mod`. */
const OLDEST_GO = 21;

/** Why the SDK cannot be built here, or undefined if it can. */
export async function whyNoGo(): Promise<string | undefined> {
  try {
    const { stdout } = await run('go', ['env', 'GOVERSION'], { env: goEnv });
    const minor = Number(/^go1\.(\d+)/.exec(stdout)?.[1] ?? 0);
    if (minor >= OLDEST_GO) return undefined;
    return `${stdout.trim()} is older than go1.${OLDEST_GO}`;
  } catch {
    return 'Go is not installed';
  }
}

/** The path of the program; builds it where the cache has none of these sources. */
export async function buildGoClient(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of ['go.mod', 'go.sum', 'main.go']) {
    hash.update(await readFile(join(sources, name)));
  }
  const directory = join(cacheDirectory(), 'clients');
  const path = join(directory, `okta-sdk-go-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(path)) return path;
  process.stderr.write('Building a client on the Go SDK (some minutes, once) …\n');
  await mkdir(directory, { recursive: true });
  const fresh = `${path}.${process.pid}.new`;
  await run('go', ['build', '-mod=readonly', '-buildvcs=false', '-o', fresh, '.'], {
    cwd: sources,
    env: goEnv,
  });
  await rename(fresh, path);
  return path;
}

export async function connectGoSdk(program: string, config: ClientConfig): Promise<SdkClient> {
  const go = new GoProgram(program);
  await go.call('open', { ...config, maxRetries: MAX_RETRIES });
  const person = async (op: string, args: object): Promise<Person> =>
    personSchema.parse(await go.call(op, args));
  const people = async (op: string, args: object): Promise<Person[]> =>
    z.array(personSchema).parse(await go.call(op, args));
  const teams = async (op: string, args: object): Promise<Team[]> =>
    z.array(teamSchema).parse(await go.call(op, args));
  const nothing = async (op: string, args: object): Promise<void> => {
    await go.call(op, args);
  };
  return {
    createUser: (newPerson) => person('createUser', newPerson),
    getUser: (id) => person('getUser', { id }),
    updateUser: (id, profile) => person('updateUser', { id, profile }),
    listUsers: (listing) => people('listUsers', listing),
    groupsOfUser: (id) => teams('groupsOfUser', { id }),
    activate: (id) => nothing('activate', { id }),
    suspend: (id) => nothing('suspend', { id }),
    unsuspend: (id) => nothing('unsuspend', { id }),
    deactivate: (id) => nothing('deactivate', { id }),
    deleteUser: (id) => nothing('deleteUser', { id }),
    endSessions: (id) => nothing('endSessions', { id }),
    createGroup: async (name, description) =>
      teamSchema.parse(await go.call('createGroup', { profile: { name, description } })),
    listGroups: (listing) => teams('listGroups', listing),
    members: (groupId, listing) => people('members', { groupId, ...listing }),
    addMember: (groupId, id) => nothing('addMember', { groupId, id }),
    removeMember: (groupId, id) => nothing('removeMember', { groupId, id }),
    close: () => go.end(),
  };
}

const replySchema = z.object({
  value: z.unknown().optional(),
  error: z
    .object({
      type: z.string(),
      message: z.string(),
      status: z.number().optional(),
      body: z
        .object({
          errorCode: z.string().optional(),
          errorSummary: z.string().optional(),
          errorCauses: z.array(z.object({ errorSummary: z.string() })).optional(),
        })
        .optional(),
    })
    .optional(),
});

/** One process, one SDK client, one call at a time. */
class GoProgram {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #ended: Promise<void>;

  constructor(program: string) {
    // Nothing of the environment: the SDK reads OKTA_… and a file in the home directory.
    this.#child = spawn(program, { env: {}, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', () => {
        resolve();
      });
    });
  }

  /** @throws SdkFailure with what the SDK's error says */
  async call(op: string, args: object): Promise<unknown> {
    const line = new Promise<string>((resolve) => this.#lines.once('line', resolve));
    this.#child.stdin.write(`${JSON.stringify({ op, args })}\n`);
    const answer = await Promise.race([line, this.#ended]);
    if (answer === undefined) throw new Error(`the Go program ended during ${op}`);
    const { value, error } = replySchema.parse(JSON.parse(answer));
    if (error === undefined) return value;
    const { type, message, status, body } = error;
    throw new SdkFailure(body?.errorSummary ?? message, {
      type,
      ...(status === undefined ? {} : { status }),
      ...(body?.errorCode === undefined ? {} : { errorCode: body.errorCode }),
      causes: (body?.errorCauses ?? []).map(({ errorSummary }) => errorSummary),
    });
  }

  /** Also in the middle of a call that does not end. */
  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

/** `${XDG_CACHE_HOME:-~/.cache}/tenure`; a relative XDG_CACHE_HOME does not count. */
function cacheDirectory(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? '';
  return join(base.startsWith('/') ? base : join(homedir(), '.cache'), 'tenure');
}
