// docs/connect-okta.md and the guide at the terminal say the same, and name what there is.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import {
  APP_CLICKS,
  DOMAIN_CLICKS,
  keyClicks,
  ROLE_CLICKS,
  SCOPE_CLICKS,
} from '../../src/cli/connect-clicks.js';
import { OKTA_SCOPES } from '../../src/domain/connection.js';

const guide = await readFile(new URL('../../docs/connect-okta.md', import.meta.url), 'utf8');
const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');

const CHECK_IDS = [
  ...['domain.host', 'dns', 'tls', 'okta.org', 'clock'],
  ...['app.client', 'app.auth-method', 'app.key', 'app.dpop', 'scope.<name>'],
  ...['role.none', 'role.<permission>', 'resources.users', 'resources.groups', 'limits'],
];

/** Okta's own words: what stands between the arrows of a click path, or after "select". */
const MENU_WORDS = [
  ...['Create App Integration', 'API Services', 'Client Credentials', 'Create new resource set'],
  ...['Use a URL to fetch keys dynamically', 'Save keys in Okta', 'Add key', 'Okta API Scopes'],
  ...['Constrain to all users', 'Constrain to all groups', 'Create new role', 'Edit assignments'],
  ...['Create users', "Edit users' profile attributes", 'Suspend users', 'Unsuspend users'],
  ...["Edit users' group membership", 'View groups and their details', 'Manage group membership'],
  ...['View users and their details', 'Public key / Private key'],
];

describe('the guide on paper', () => {
  it.each(CHECK_IDS)('explains the check %s', (id) => {
    expect(guide).toMatch(new RegExp(`^\\| \`${id.replaceAll('.', '\\.')}\` +\\| \\w`, 'm'));
  });

  it.each(OKTA_SCOPES)('says what %s is for', (scope) => {
    expect(guide).toContain(`\`${scope}\``);
    expect(SCOPE_CLICKS.join('\n')).toContain(scope);
  });

  it.each(MENU_WORDS)('says "%s", as the guide at the terminal does', (words) => {
    const connection = { publicJwk: {}, jwksUrl: 'https://tenure.example.com/x.json' };
    const steps = [DOMAIN_CLICKS, APP_CLICKS, keyClicks(connection), SCOPE_CLICKS, ROLE_CLICKS];
    expect(guide).toContain(words);
    expect(steps.flat().join('\n')).toContain(words);
  });

  it('links to its own chapters only where there are such', () => {
    const anchors = [...guide.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    const links = [...guide.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((anchor) => !anchors.includes(anchor))).toEqual([]);
  });

  it('and the README name only commands that there are', () => {
    const known = COMMANDS.map(({ name }) => name);
    const named = [...(guide + readme).matchAll(/tenure -- (\w+)/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });
});
