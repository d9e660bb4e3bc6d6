// One connection from configuration: a JSON file that names an Okta org, a client and the file of its
// private key. Read at every start; the database keeps the key encrypted.
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { readPrivateKey } from '../crypto/private-key.js';
import { as } from '../domain/brand.js';
import { CONNECTION_ID, OKTA_SCOPES } from '../domain/connection.js';
import { readOktaDomain } from '../domain/okta-domain.js';
import type { ConnectionStore, NewConnection } from '../store/store.js';
import { isZone, readDuration } from './times.js';

const contents = z.strictObject({
  id: z.string().regex(CONNECTION_ID, { error: 'a slug like acme, 2 to 31 characters' }),
  name: z.string().min(1).max(100).optional(),
  domain: z.string().min(1),
  customDomain: z.boolean().default(false),
  clientId: z.string().min(1).max(100),
  privateKeyFile: z.string().min(1),
  scopes: z
    .array(z.string().min(1))
    .min(1)
    .default([...OKTA_SCOPES]),
  settings: z
    .strictObject({
      timeZone: z.string().refine(isZone, { error: 'no such time zone' }).nullable().optional(),
      undoWindow: z
        .string()
        .refine((text) => readDuration(text, Date.now()).ok, {
          error: 'an ISO 8601 duration like P14D, at most a year',
        })
        .optional(),
      onExisting: z.enum(['park', 'adopt', 'fail']).optional(),
      whenNotSuspendable: z.enum(['park', 'deactivate']).optional(),
    })
    .default({}),
});

/** The file cannot be used; the message says why in one sentence, without anything secret. */
class ConnectionFileError extends Error {
  readonly code = 'CONNECTION_FILE_INVALID';
}

/**
 * Makes the connection that the file describes, or brings it up to date; returns its id.
 * `loopbackAllowed`: the simulator's origin is accepted as a domain (embedded mode only).
 * @throws {ConnectionFileError}
 */
export async function loadConnectionFile(
  connections: ConnectionStore,
  path: string,
  loopbackAllowed: boolean,
): Promise<string> {
  const parsed = contents.safeParse(await readJson(path));
  if (!parsed.success) {
    const said = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new ConnectionFileError(`${path} is not a connection: ${said.join('; ')}`);
  }
  const { id, name, clientId, scopes, settings, ...given } = parsed.data;
  const { customDomain } = given;
  const read = readOktaDomain(given.domain, { customDomain, loopbackAllowed });
  if (!read.ok) throw new ConnectionFileError(`${path} names no Okta domain: ${read.detail}`);
  const wanted: NewConnection = {
    id: as(id),
    name: name ?? null,
    domain: read.domain,
    clientId,
    scopes,
    settings: Object.fromEntries(
      Object.entries(settings).filter(([, value]) => value !== undefined),
    ),
    privateJwk: await readKey(resolve(dirname(path), given.privateKeyFile)),
    status: 'ready',
  };
  if (!(await isCurrent(connections, wanted))) await connections.put(wanted);
  return id;
}

/** Putting a connection makes it forget that it was blocked, so only what has changed is put. */
async function isCurrent(connections: ConnectionStore, wanted: NewConnection): Promise<boolean> {
  const found = await connections.get(wanted.id);
  if (found === null) return false;
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  return (
    found.domain === wanted.domain &&
    found.clientId === wanted.clientId &&
    (wanted.name === null || found.name === wanted.name) &&
    same(found.scopes, wanted.scopes) &&
    same(found.settings, { ...found.settings, ...wanted.settings }) &&
    ['kid', 'n', 'x', 'y'].every((member) => found.publicJwk[member] === wanted.privateJwk[member])
  );
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const why = error instanceof SyntaxError ? 'it is not JSON' : 'it cannot be read';
    throw new ConnectionFileError(`The connection file ${path} cannot be used: ${why}`);
  }
}

/** A PEM or JWK file as a private JWK with `kid` and `alg`. */
async function readKey(path: string): Promise<Record<string, unknown>> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new ConnectionFileError(`The private key file ${path} cannot be read`);
  });
  const read = await readPrivateKey({ text });
  if (read.ok) return read.privateJwk;
  throw new ConnectionFileError(`${path} holds no private key that can be used: ${read.detail}`);
}
