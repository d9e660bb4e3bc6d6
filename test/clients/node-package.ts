// The official Node SDK, installed once into the cache rather than among our own dependencies: it is
// heard as a witness only. Of its types, what the story uses.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PACKAGE = '@okta/okta-sdk-nodejs';
const VERSION = '8.1.0';

type Made = new () => object;
type Call = (input: object) => Promise<unknown>;
type Walk = (input: object) => Promise<AsyncIterable<unknown>>;

interface UserApi {
  createUser: Call;
  getUser: Call;
  updateUser: Call;
  listUsers: Walk;
  listUserGroups: Walk;
  activateUser: Call;
  suspendUser: Call;
  unsuspendUser: Call;
  deactivateUser: Call;
  deleteUser: Call;
  revokeUserSessions: Call;
}

interface GroupApi {
  createGroup: Call;
  listGroups: Walk;
  listGroupUsers: Walk;
  assignUserToGroup: Call;
  unassignUserFromGroup: Call;
}

export interface NodeSdk {
  Client: new (config: object) => { userApi: UserApi; groupApi: GroupApi };
  DefaultRequestExecutor: new (options: object) => object;
  OktaApiError: new () => Error & {
    status: number;
    errorCode: string;
    errorCauses?: { errorSummary?: string }[];
  };
  UserProfile: Made;
  UpdateUserRequest: Made;
  CreateUserRequest: Made;
  UserCredentialsWritable: Made;
  PasswordCredential: Made;
  OktaUserGroupProfile: Made;
  CreateGroupRequest: Made;
}

/** Installs it where the cache has none, which takes some seconds. */
export async function loadNodeSdk(): Promise<NodeSdk> {
  const cache = join(
    process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
    'tenure',
    'clients',
  );
  const place = join(cache, `node-sdk-${VERSION}`);
  if (!existsSync(place)) await install(cache, place);
  return createRequire(join(place, 'package.json'))(PACKAGE) as NodeSdk;
}

async function install(cache: string, place: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const unfinished = await mkdtemp(join(cache, 'node-sdk-'));
  await writeFile(join(unfinished, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', `${PACKAGE}@${VERSION}`];
  await promisify(execFile)('npm', args, { cwd: unfinished });
  // Somebody else may have been faster.
  await rename(unfinished, place).catch(() => rm(unfinished, { recursive: true, force: true }));
}
