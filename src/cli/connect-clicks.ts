// The click paths of the guide, in the words of Okta's Admin Console. docs/connect-okta.md says more of
// each, and where the words differ by release.
import type { Connection } from './connection.js';

export const DOMAIN_CLICKS = [
  'In the Admin Console of Okta, click your name at the top right.',
  'The domain stands under it, such as acme.okta.com.',
];

export const APP_CLICKS = [
  'Applications > Applications > Create App Integration',
  'Sign-in method: API Services > Next',
  'App integration name: Tenure > Save',
  'The Client ID stands on the General tab, under Client Credentials.',
];

export function keyClicks({
  jwksUrl,
  publicJwk,
}: Pick<Connection, 'jwksUrl' | 'publicJwk'>): string[] {
  const byUrl = [
    'Public keys > Configuration: Use a URL to fetch keys dynamically, with this URL:',
    `  ${jwksUrl}`,
    'Save.',
  ];
  const byPaste = [
    'Public keys > Configuration: Save keys in Okta > Add key, and paste this public key:',
    `  ${JSON.stringify(publicJwk)}`,
    'Done, and Save.',
  ];
  return [
    'Applications > Applications > Tenure > General > Client Credentials > Edit',
    'Client authentication: Public key / Private key',
    ...(jwksUrl.startsWith('https://')
      ? [...byUrl, 'Or, where Okta cannot reach that URL:', ...byPaste]
      : byPaste),
    'DPoP ("Proof of possession" under General Settings) may stay as it is.',
  ];
}

export const SCOPE_CLICKS = [
  'Applications > Applications > Tenure > Okta API Scopes',
  'Grant okta.users.read, okta.users.manage, okta.groups.read and okta.groups.manage.',
  'A super administrator may do this.',
];

export const ROLE_CLICKS = [
  'Security > Administrators > Resources > Create new resource set: name it Tenure',
  '  Add Resource > Users: Constrain to all users',
  '  Add Resource > Groups: Constrain to all groups. Save.',
  'Security > Administrators > Roles > Create new role: name it Tenure, and select',
  "  Create users, Edit users' profile attributes, Suspend users, Unsuspend users,",
  "  Edit users' group membership, View groups and their details, Manage group membership,",
  '  and, so that Tenure sees what became of it, View users and their details. Save role.',
  'Applications > Applications > Tenure > Admin roles > Edit assignments',
  '  Role: Tenure; Resource set: Tenure. Save changes.',
];
