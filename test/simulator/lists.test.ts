import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { comparisons, fits, parseExpression } from '../../src/simulator/expression.js';
import { type Client, type Json, linkTo, useOrg } from './harness.js';

const sim = useOrg();
let client: Client;
const logins = Array.from(
  { length: 23 },
  (_, n) => `list-${String(n).padStart(2, '0')}@example.com`,
);
beforeAll(async () => {
  await sim.org.control('PATCH', '/org', { rateLimits: { tier: 'off' } });
  client = await sim.org.client();
  for (const login of logins) await sim.org.seedUser(login);
  await sim.org.seedUser('former@example.com', { status: 'DEPROVISIONED' });
});

const loginsOf = (list: readonly Json[]): unknown[] => list.map(({ profile }) => profile['login']);
const list = async (query: string): Promise<unknown[]> =>
  loginsOf((await client.call('GET', `/users?${query}`)).list);

async function walk(path: string): Promise<unknown[][]> {
  const pages: unknown[][] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    const reply = await client.call('GET', next);
    pages.push(loginsOf(reply.list));
    next = linkTo(reply, 'next');
  }
  return pages;
}

describe('pages', () => {
  it('hold every user once, for every page size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), async (limit) => {
        const pages = await walk(`/users?limit=${limit}`);
        expect(pages.flat()).toEqual(logins);
        expect(pages.every((page) => page.length <= limit)).toBe(true);
      }),
      { numRuns: 12 },
    );
  });

  it('are linked by one header line per link, with the default limit in self', async () => {
    const reply = await client.call('GET', '/users');
    expect(reply.headers.get('link')).toBe(
      `<${sim.org.origin}/api/v1/users?limit=200>; rel="self"`,
    );
    const small = await client.call('GET', '/users?limit=5');
    expect(small.headers.get('link')?.split(', ')).toHaveLength(2);
    expect(linkTo(small, 'next')).toMatch(/\/api\/v1\/users\?limit=5&after=200u\w{17}$/);
  });

  it('go on after the removal of the item where they broke off', async () => {
    const group = await sim.org.seedGroup('Shrinking', { members: logins.slice(0, 6) });
    const first = await client.call('GET', `/groups/${group.id}/users?limit=3`);
    const last = first.list.at(-1)?.id ?? '';
    await client.call('DELETE', `/groups/${group.id}/users/${last}`);
    const second = await client.call('GET', linkTo(first, 'next') ?? '');
    expect(loginsOf(second.list)).toEqual(logins.slice(3, 6));
    expect(linkTo(second, 'next')).toBeUndefined();
  });

  it('show a user in a list with the self link only', async () => {
    const { list: users } = await client.call('GET', '/users?limit=1');
    expect(users[0]?.['_links']).toEqual({
      self: { href: `${sim.org.origin}/api/v1/users/${users[0]?.id ?? ''}` },
    });
  });
});

describe('a list of users', () => {
  it('hides deactivated users, save where it is searched or filtered', async () => {
    const expression = encodeURIComponent('profile.login eq "former@example.com"');
    expect(await list('limit=200')).not.toContain('former@example.com');
    expect(await list('q=former')).toEqual([]);
    expect(await list(`filter=${expression}`)).toEqual(['former@example.com']);
    expect(await list(`search=${expression}`)).toEqual(['former@example.com']);
  });

  it('is searched without regard to case, but filtered with it', async () => {
    const expression = encodeURIComponent('profile.login eq "LIST-00@example.com"');
    expect(await list(`search=${expression}`)).toEqual(['list-00@example.com']);
    expect(await list(`filter=${expression}`)).toEqual([]);
  });

  it('holds ten matches of q and no next page', async () => {
    const reply = await client.call('GET', '/users?q=list-');
    expect(reply.list).toHaveLength(10);
    expect(reply.headers.get('link')).not.toMatch(/next|limit/);
  });

  it.each([
    ['search=nonsense', 'E0000031'],
    ['filter=profile.city%20eq%20%22x%22', 'E0000053'],
    ['filter=status%20sw%20%22x%22', 'E0000053'],
    ['filter=id%20eq%20%22x%22&search=id%20pr', 'E0000033'],
    ['limit=0', 'E0000029'],
  ])('refuses %s', async (query, code) => {
    const reply = await client.call('GET', `/users?${query}`);
    expect(reply.status).toBe(400);
    expect(reply.json.errorCode).toBe(code);
  });
});

describe('the expression language', () => {
  const thing: Record<string, unknown> = { name: 'Ada', age: 36, tall: true, note: 'say "hi"' };
  const judge = (text: string): boolean => {
    const expression = parseExpression(text);
    if (expression === undefined) throw new Error(`cannot parse ${text}`);
    return fits(expression, (name) => thing[name], true);
  };

  it.each([
    ['name eq "ada"', true],
    ['name ne "ada"', false],
    ['name sw "a" and name ew "a"', true],
    ['name co "d" and (age gt 40 or age le 36)', true],
    ['name eq "x" or name eq "y" or age ge 36', true],
    ['tall eq true and age lt 36', false],
    ['missing pr', false],
    ['missing ne "x"', true],
    ['note eq "say \\"hi\\""', true],
  ])('%s', (text, expected) => {
    expect(judge(text)).toBe(expected);
  });

  it.each(['', 'name', 'name eq', 'name eq "a" and', '(name pr', 'name like "a"', '"name" eq "a"'])(
    'has no place for %j',
    (text) => {
      expect(parseExpression(text)).toBeUndefined();
    },
  );

  it('reads back any string that is quoted', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const parsed = parseExpression(`a eq ${JSON.stringify(value)}`);
        fc.pre(!/[\u0000-\u001f]/.test(value));
        expect(parsed === undefined ? [] : comparisons(parsed)).toMatchObject([{ value }]);
      }),
    );
  });
});
