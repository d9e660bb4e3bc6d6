// Connections of a stub service, and an org whose set-up is mended while the guide is at work.
import type { Asked, Reply } from './harness.js';
import { problem } from './harness.js';

export const PUBLIC_JWK = { kty: 'RSA', kid: 'made-by-tenure', n: 'sXch', e: 'AQAB' };

export interface Org {
  reply: (asked: Asked) => Reply;
  /** Ids of checks that fail; changed by the test, or by what Tenure is told. */
  broken: Set<string>;
  connections: Map<string, Record<string, unknown>>;
}

const CHECKS = [
  'domain.host',
  'dns',
  'okta.org',
  'app.client',
  'app.key',
  'scope.okta.users.read',
  'role.none',
  'role.okta.users.create',
  'resources.groups',
];

/** @param publicUrl how Okta would reach the service */
export function createOrg(
  broken: readonly string[] = [],
  publicUrl = 'https://tenure.acme.com',
): Org {
  const org: Org = { reply, broken: new Set(broken), connections: new Map() };
  return org;

  function reply({ method, path, body }: Asked): Reply {
    const [, , , id = '', action] = (path.split('?')[0] ?? '').split('/');
    const connection = org.connections.get(id);
    if (id === '') return method === 'GET' ? { body: { items: all() } } : create(body as Given);
    if (connection === undefined) return problem(404, 'CONNECTION_NOT_FOUND', 'Not found');
    if (action === 'verify') return { body: verify(path.includes('probe=true')) };
    if (method === 'PATCH') Object.assign(connection, body, { corrections: ['Changed, as asked'] });
    return { body: connection };
  }

  function all(): Record<string, unknown>[] {
    return [...org.connections.values()];
  }

  function create({ id, domain, clientId, key }: Given): Reply {
    const errors = [
      ...(domain.includes(' ')
        ? [{ path: 'domain', code: 'INVALID', detail: 'Not a host name' }]
        : []),
      ...(key.pem?.includes('PUBLIC') === true
        ? [{ path: 'key.pem', code: 'INVALID', detail: 'This is a public key' }]
        : []),
    ];
    if (errors.length > 0) return problem(400, 'INVALID', 'The request is not valid', { errors });
    const corrections = domain.includes('-admin') ? ['The domain is acme.okta.com'] : [];
    const made = {
      ...{ id, clientId, corrections, status: 'unverified', publicJwk: PUBLIC_JWK },
      domain: domain.replace('-admin', ''),
      jwksUrl: `${publicUrl}/.well-known/jwks/${id}.json`,
    };
    org.connections.set(id, made);
    return { status: 201, body: made };
  }

  function verify(probe: boolean) {
    let isReached = true;
    const checks = CHECKS.map((id) => {
      const isBroken = org.broken.has(id);
      const status = isBroken ? 'fail' : isReached ? 'pass' : 'skipped';
      if (isBroken) isReached = false;
      const unproven = status === 'pass' && id === 'role.okta.users.create' && !probe;
      const found = { id, title: id, detail: `of ${id}`, status: unproven ? 'skipped' : status };
      return isBroken ? { ...found, fix: `mend ${id}` } : found;
    });
    return { ok: org.broken.size === 0, checks };
  }
}

interface Given {
  id: string;
  domain: string;
  clientId: string;
  key: { pem?: string };
}
