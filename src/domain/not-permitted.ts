// What a person can do about a step that Okta does not permit: the likely causes, with the click in
// Okta's Admin Console. Okta itself says only E0000006, whatever the cause.

/** How to tell the causes apart, most likely first; by what the call acts on. */
const CAUSES: readonly { path: RegExp; causes: readonly string[] }[] = [
  {
    path: /^\/api\/v1\/groups\//,
    causes: [
      'the group carries an admin role, and then only a super administrator may change its members (Directory > Groups > the group > Admin roles)',
      'the group, or the person, is outside the resource set (Security > Administrators > Resources > the resource set)',
      'the person is an administrator, whom no custom role reaches (Security > Administrators > Admins)',
      'the role lacks "Manage group membership" (Security > Administrators > Roles > the role)',
    ],
  },
  {
    path: /^\/api\/v1\/users$/,
    causes: [
      'one of the groups carries an admin role, or is outside the resource set (Directory > Groups > the group > Admin roles; Security > Administrators > Resources > the resource set)',
      'the role lacks "Create users" (Security > Administrators > Roles > the role)',
    ],
  },
  {
    path: /^\/api\/v1\/users\//,
    causes: [
      'the person is an administrator, whom no custom role reaches (Security > Administrators > Admins)',
      'the person is outside the resource set (Security > Administrators > Resources > the resource set)',
      'the role lacks the permission (Security > Administrators > Roles > the role)',
    ],
  },
];

/**
 * The sentences behind Okta's own.
 * @param path of the call, with its ids left out
 */
export function likelyCauses(path: string): string {
  const found = CAUSES.find((each) => each.path.test(path));
  if (found === undefined) return 'Look at the admin role of the app in Okta, then retry.';
  return `Likely causes: ${found.causes.join('; ')}. Change it there, or do this by hand in Okta, then retry.`;
}
