// Connections of a stub service, and an org whose set-up is mended while the guide is at work.
import { isOktasOwn } from '../../src/domain/okta-domain.js';
import { problem, type Asked, type Reply } from './harness.js';

export const PUBLIC_JWK = { kty: 'RSA', kid: 'made-by-tenure', n: 'sXch', e: 'AQAB' };

export interface Org {
  reply: (asked: Asked) => Reply;
  /** Ids of checks that fail; changed by the test, or by what Tenure is told. */
  broken: Set<string>;
  connections: Map<string, Made>;
}

type Made = ReturnType<typeof connectionOf>;

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
    return method === 'PATCH' ? change(connection, body as Partial<Given>) : { body: connection };
  }

  function create(given: Given): Reply {
    const { domain } = given;
    const corrections = domain.includes('-admin') ? ['The domain is acme.okta.com'] : [];
    const wanted = { ...given, domain: domain.replace('-admin', '') };
    return (
      refusalOf(given) ??
      conflictOf(wanted, all()) ??
      kept(connectionOf(wanted, publicUrl), 201, corrections)
    );
  }

  function change(before: Made, { settings, key, ...given }: Partial<Given>): Reply {
    const after = { ...before, ...given };
    const others = all().filter((other) => other !== before);
    return (
      refusalOf(given) ??
      conflictOf(after, others) ??
      kept(
        {
          ...after,
          customDomain: !isOktasOwn(after.domain),
          settings: { ...before.settings, ...settings },
          publicJwk: { ...before.publicJwk, ...(key?.kid === undefined ? {} : { kid: key.kid }) },
        },
        200,
        ['Changed, as asked'],
      )
    );
  }

  function kept(connection: Made, status: number, corrections: string[]): Reply {
    org.connections.set(connection.id, connection);
    return { status, body: { ...connection, corrections } };
  }

  function all(): Made[] {
    return [...org.connections.values()];
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
  name?: string;
  domain: string;
  customDomain?: boolean;
  clientId: string;
  key: { pem?: string; kid?: string };
  settings?: { timeZone?: string };
}

/** What the API finds wrong, all of it. */
function refusalOf({ domain = 'acme.okta.com', customDomain, clientId, key }: Partial<Given>) {
  const isMeant = customDomain === true || isOktasOwn(domain);
  const faults: [path: string, isFault: boolean | undefined, detail: string][] = [
    ['domain', domain.includes(' '), 'Not a host name'],
    ['domain', !domain.includes(' ') && !isMeant, 'This is none of Okta’s own domains'],
    ['clientId', clientId?.includes(' '), 'A client id has no blanks'],
    ['key.pem', key?.pem?.includes('PUBLIC'), 'This is a public key'],
  ];
  const errors = faults.flatMap(([path, isFault, detail]) =>
    isFault === true ? [{ path, code: 'INVALID', detail }] : [],
  );
  return errors.length === 0
    ? null
    : problem(400, 'INVALID', 'The request is not valid', { errors });
}

/** One of the same name, or for the same app of the same org. */
function conflictOf({ id, domain, clientId }: Given | Made, others: readonly Made[]): Reply | null {
  const twin = others.find(
    (other) => other.id === id || (other.domain === domain && other.clientId === clientId),
  );
  if (twin === undefined) return null;
  const detail = `That is the connection ${twin.id}`;
  return problem(409, 'CONNECTION_EXISTS', 'There is such a connection already', { detail });
}

function connectionOf({ id, name, domain, clientId, settings }: Given, publicUrl: string) {
  return {
    ...{ id, name: name ?? null, domain, customDomain: !isOktasOwn(domain), clientId },
    ...{ status: 'unverified', publicJwk: PUBLIC_JWK },
    jwksUrl: `${publicUrl}/.well-known/jwks/${id}.json`,
    settings: { timeZone: null as string | null, ...settings },
  };
}
