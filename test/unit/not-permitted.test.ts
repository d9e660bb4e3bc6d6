import { describe, expect, it } from 'vitest';
import { likelyCauses } from '../../src/domain/not-permitted.js';

describe('a step that Okta does not permit', () => {
  it.each([
    ['of a person', '/api/v1/users/{user}/lifecycle/suspend', /person is an administrator.*Admins/],
    ['of a person', '/api/v1/users/{user}', /outside the resource set.*Resources/],
    ['of a membership', '/api/v1/groups/{group}/users/{user}', /group carries an admin role/],
    ['of a membership', '/api/v1/groups/{group}/users/{user}', /outside the resource set/],
    [
      'of a new account',
      '/api/v1/users',
      /one of the groups carries an admin role.*"Create users"/,
    ],
    ['of anything else', '/api/v1/groups', /^Look at the admin role of the app in Okta/],
  ])('%s names the likely causes, and where to click (%s)', (_, path, said) => {
    expect(likelyCauses(path)).toMatch(said);
    expect(likelyCauses(path)).toMatch(/retry\.$/);
  });
});
