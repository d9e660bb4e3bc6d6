/**
 * API Services apps as the control surface takes them, with the keys that Okta would store. Keys
 * behind a URL are not looked at here.
 */
import { type JWK, importJWK } from 'jose';
import { z } from 'zod';
import { ControlError } from './control-error.js';
import type { App, AppKeys } from './entities.js';
import type { IdSource } from './ids.js';
import { isPrivate } from './signature.js';

const DEFAULT_SCOPES = [
  'okta.users.read',
  'okta.users.manage',
  'okta.groups.read',
  'okta.groups.manage',
];

const MAX_KEYS = 50;
const MIN_RSA_BITS = 2048;

const all = z.literal('all');

const roleSchema = z.strictObject({
  permissions: z.union([all, z.array(z.string().startsWith('okta.'))]),
  resourceSet: z
    .strictObject({
      users: z.union([all, z.array(z.string())]).default('all'),
      groups: z.union([all, z.array(z.string())]).default('all'),
    })
    .default({ users: 'all', groups: 'all' }),
});

const fields = {
  clientId: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional(),
  jwks: z.object({ keys: z.array(z.record(z.string(), z.unknown())).max(MAX_KEYS) }).optional(),
  jwksUri: z.string().refine(isFetchable, 'https, or http on the loopback address').optional(),
  authMethod: z.enum(['private_key_jwt', 'client_secret']),
  grantedScopes: z.array(z.string()),
  dpop: z.boolean(),
  roles: z.array(roleSchema),
  status: z.enum(['ACTIVE', 'INACTIVE']),
};

export const appSchema = z.strictObject({
  ...fields,
  authMethod: fields.authMethod.default('private_key_jwt'),
  grantedScopes: fields.grantedScopes.default(DEFAULT_SCOPES),
  dpop: fields.dpop.default(false),
  roles: fields.roles.default([
    { permissions: 'all', resourceSet: { users: 'all', groups: 'all' } },
  ]),
  status: fields.status.default('ACTIVE'),
});

/** The id of an app stays. */
export const appPatchSchema = z.strictObject(fields).omit({ clientId: true }).partial();

/** @throws ControlError 400 for keys that Okta would not store */
export async function newApp(ids: IdSource, facts: z.infer<typeof appSchema>): Promise<App> {
  return {
    clientId: facts.clientId ?? ids.next('0oa'),
    authMethod: facts.authMethod,
    ...(await judgedKeys(facts)),
    grantedScopes: facts.grantedScopes,
    dpop: facts.dpop,
    roles: facts.roles,
    status: facts.status,
  };
}

/** `app` with what `patch` says, to be read anew. Stored keys and a URL replace each other. */
export function changedFacts(
  { jwks, jwksUri, ...facts }: App,
  patch: z.infer<typeof appPatchSchema>,
): unknown {
  const keys = 'jwks' in patch || 'jwksUri' in patch ? {} : { jwks, jwksUri };
  return { ...facts, ...keys, ...patch };
}

async function judgedKeys({ jwks, jwksUri }: GivenKeys): Promise<AppKeys> {
  if (jwksUri === undefined) return { jwks: { keys: await judgedSet(jwks?.keys ?? []) } };
  if (jwks !== undefined) throw new ControlError(400, 'jwks and jwksUri exclude each other');
  return { jwksUri };
}

interface GivenKeys {
  readonly jwks?: { readonly keys: readonly JWK[] } | undefined;
  readonly jwksUri?: string | undefined;
}

async function judgedSet(keys: readonly JWK[]): Promise<readonly JWK[]> {
  for (const [index, key] of keys.entries()) await judgeKey(key, `jwks.keys.${index}`);
  const kids = keys.map(({ kid }) => kid);
  if (keys.length > 1 && (kids.includes(undefined) || new Set(kids).size < kids.length)) {
    throw new ControlError(400, 'jwks.keys: several keys need a kid each');
  }
  return keys;
}

async function judgeKey(key: JWK, where: string): Promise<void> {
  if (isPrivate(key)) {
    throw new ControlError(400, `${where}: this is a private key; only public ones belong here`);
  }
  if (key.kty !== 'RSA' && key.kty !== 'EC') {
    throw new ControlError(400, `${where}.kty: must be RSA or EC`);
  }
  if (key.kty === 'RSA' && Buffer.from(key.n ?? '', 'base64url').length * 8 < MIN_RSA_BITS) {
    throw new ControlError(400, `${where}: an RSA key needs at least ${MIN_RSA_BITS} bits`);
  }
  try {
    await importJWK(key, key.alg ?? (key.kty === 'RSA' ? 'RS256' : EC_ALGS[key.crv ?? '']));
  } catch {
    throw new ControlError(400, `${where}: not a usable key`);
  }
}

const EC_ALGS: Readonly<Record<string, string>> = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
};

function isFetchable(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.includes(hostname));
}

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
