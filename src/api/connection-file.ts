// One connection from configuration: a JSON file that names an Okta org, a client and the file of its
// private key. Read at every start; the database keeps the key encrypted.
import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose';
import { z } from 'zod';
import { CONNECTION_ID } from '../contract/ids.js';
import { as } from '../domain/brand.js';
import { OKTA_SCOPES } from '../domain/connection.js';
import type { ConnectionStore, NewConnection } from '../store/store.js';
import { isZone, readDuration } from './times.js';

const OKTA_HOST =
  /^[a-z0-9][a-z0-9-]*\.(okta|oktapreview|okta-emea|okta-gov|trexcloud)\.com$|^[a-z0-9][a-z0-9-]*\.okta\.mil$/;
const HOST = /^(?=.{4,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+$/;

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
  const domain = domainOf(given, loopbackAllowed);
  if (domain === null) {
    throw new ConnectionFileError(
      `${path} names no Okta domain: give a host like acme.okta.com, or customDomain: true for one of your own`,
    );
  }
  const wanted: NewConnection = {
    id: as(id),
    name: name ?? null,
    domain,
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

/** What people paste: scheme, path, upper case and the `-admin` of the admin console are taken off. */
function domainOf(
  { domain, customDomain }: { domain: string; customDomain: boolean },
  loopbackAllowed: boolean,
): string | null {
  const isLoopback = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\/?$/.test(domain);
  if (isLoopback) return loopbackAllowed ? domain.replace(/\/$/, '') : null;
  const host = domain
    .trim()
    .toLowerCase()
    .replace(/^https:\/\//, '')
    .replace(/\/.*$/, '');
  const org = host.replace(/-admin(?=\.okta|\.oktapreview|\.trexcloud)/, '');
  if (OKTA_HOST.test(org)) return org;
  return customDomain && HOST.test(host) ? host : null;
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
  try {
    const given = text.trimStart().startsWith('{') ? (JSON.parse(text) as JWK) : {};
    const jwk = given.kty === undefined ? await exportJWK(createPrivateKey(text)) : given;
    if (jwk.d === undefined) throw new Error('no private member');
    // Okta knows the key by its kid; a PEM has none, so its thumbprint (RFC 7638) stands in.
    const kid = jwk.kid ?? (await calculateJwkThumbprint(jwk));
    return { ...jwk, kid, alg: jwk.alg ?? ALGORITHMS[jwk.crv ?? jwk.kty ?? ''] ?? 'RS256' };
  } catch {
    throw new ConnectionFileError(`${path} holds no private key in PEM or JWK form`);
  }
}

const ALGORITHMS: Readonly<Record<string, string>> = {
  RSA: 'RS256',
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
};
