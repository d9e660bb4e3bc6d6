// What the admin role of the app lets us see and do. Okta answers a role that may not read with an
// empty list as well as with 403, so several answers are held together. What reading cannot prove, a
// probe can: a write that Okta must refuse as invalid where it is allowed (400 or 404, else 403).
import { PERMISSION_FACTS, PERMISSIONS, type Permission } from './admin-role.js';
import { fail, look, pass, skipped, warn, type Finding, type Look } from './check.js';
import type { Reply, Sightings } from './sightings.js';

const ROLE = 'Security > Administrators > Roles > your role > Edit';
const ASSIGN =
  'Applications > Applications > your app > Admin roles > Edit assignments: add your role with your resource set.';
const RESOURCES =
  'Security > Administrators > Resources > your resource set > Edit resource set > Add another resource type';
const PROBE =
  'A probe asks by writes that Okta must refuse: npm run tenure -- verify ID --probe, or ?probe=true.';

/**
 * `none`: it may look, and sees nobody. `unclear`: it may not look, or sees nobody; the answers do not
 * tell which. `unknown`: an outage, or a scope is missing.
 */
type Sight = 'sees' | 'forbidden' | 'none' | 'unclear' | 'unknown' | 'not-asked';

export function roleLooks(seen: Sightings): Look[] {
  const users = sightOfUsers(seen);
  const groups = sightOfGroups(seen);
  return [
    look('role.none', 'Admin role', roleFinding(seen, users, groups)),
    ...PERMISSIONS.map((permission) =>
      look(
        `role.${permission}`,
        `Permission "${PERMISSION_FACTS[permission].label}"`,
        permissionFinding(seen, permission, users, groups),
      ),
    ),
    look('resources.users', 'Users in the resource set', usersFinding(seen, users, groups)),
    look('resources.groups', 'Groups in the resource set', groupsFinding(seen, groups)),
  ];
}

/**
 * An empty list is settled by an id that cannot be: 403 to it means that the role may not look. Where it
 * is 404, somebody seen among the members of a group decides: 403 to him means that he is outside the
 * resource set, 404 leaves both possible (Okta documents neither).
 */
function sightOfUsers({ reads: { users, impossibleUser, member } }: Sightings): Sight {
  if (users.kind === 'done' || member.kind === 'done') return 'sees';
  if (users.kind === 'not-asked') return 'not-asked';
  if (users.kind === 'forbidden') return 'forbidden';
  if (users.kind !== 'empty') return 'unknown';
  if (impossibleUser.kind === 'forbidden') return 'forbidden';
  return member.kind === 'absent' ? 'unclear' : 'none';
}

function sightOfGroups({ reads: { groups, impossibleGroup } }: Sightings): Sight {
  if (groups.kind === 'done') return 'sees';
  if (groups.kind === 'not-asked') return 'not-asked';
  if (groups.kind === 'forbidden') return 'forbidden';
  if (groups.kind !== 'empty') return 'unknown';
  return impossibleGroup.kind === 'forbidden' ? 'forbidden' : 'none';
}

function roleFinding(seen: Sightings, users: Sight, groups: Sight): Finding | null {
  if (users === 'not-asked' && groups === 'not-asked') return null;
  if (Object.values(seen.probes ?? {}).some(isAllowed)) return pass('The app has an admin role.');
  if (users === 'sees' || groups === 'sees') return pass('The app has an admin role.');
  if (groups === 'none') return pass('The app may look for groups, so it has an admin role.');
  if (groups !== 'forbidden') return skipped(whyUnknown(seen.reads.groups));
  return fail(
    'Okta shows the app neither a user nor a group: it has no admin role, or one that may not view groups either.',
    ASSIGN,
  );
}

function permissionFinding(
  seen: Sightings,
  permission: Permission,
  users: Sight,
  groups: Sight,
): Finding | null {
  if (permission === 'okta.groups.read')
    return readingFinding(permission, groups, seen.reads.groups);
  if (permission === 'okta.users.read') return readingFinding(permission, users, seen.reads.users);
  if (users === 'not-asked' && groups === 'not-asked') return null;
  const { purpose } = PERMISSION_FACTS[permission];
  if (seen.probes === null) {
    return skipped(`Reading does not prove it. Tenure needs it to ${purpose}.`, PROBE);
  }
  const reply = seen.probes[permission];
  if (reply === undefined || reply.kind === 'not-asked') {
    return skipped('Not probed: there is no group to probe it on.');
  }
  if (permission === 'okta.users.groupMembership.manage' && isAheadRefused(seen)) {
    return skipped(
      'Not known: Okta asks for "Manage group membership" first, which the role lacks.',
    );
  }
  if (isAllowed(reply)) return pass('Okta refused the probe for what it said, not for who we are.');
  if (reply.kind === 'forbidden') return lacking(permission);
  return skipped(whyUnknown(reply), PROBE);
}

function isAheadRefused({ probes }: Sightings): boolean {
  return probes?.['okta.groups.members.manage']?.kind === 'forbidden';
}

function readingFinding(permission: Permission, sight: Sight, reply: Reply): Finding | null {
  switch (sight) {
    case 'not-asked':
      return null;
    case 'sees':
      return pass('Okta shows some.');
    case 'none':
      return pass('Okta does not refuse to look, though it shows none.');
    case 'forbidden':
      return lacking(permission);
    case 'unclear':
      return skipped('Not known: Okta shows none, and does not say why.', grant(permission));
    case 'unknown':
      return skipped(whyUnknown(reply));
  }
}

function lacking(permission: Permission): Finding {
  const { required, purpose } = PERMISSION_FACTS[permission];
  return required
    ? fail(`The role lacks it. Tenure needs it to ${purpose}.`, grant(permission))
    : warn(`The role lacks it. With it, Tenure could ${purpose}.`, grant(permission));
}

function grant(permission: Permission): string {
  return `${ROLE} > Permissions: select "${PERMISSION_FACTS[permission].label}" > Save role.`;
}

const BLIND =
  "Tenure works without, but cannot verify: it acts by login, judges by Okta's answers, and asks a person where these are not clear.";

function usersFinding(seen: Sightings, users: Sight, groups: Sight): Finding | null {
  const fix = `${RESOURCES} > Users > All users.`;
  switch (users) {
    case 'not-asked':
      return null;
    case 'sees':
      return pass('Okta shows users. Whether it is all of them cannot be seen.');
    case 'forbidden':
      return groups === 'forbidden'
        ? null
        : warn(`The role may not view users. ${BLIND}`, grant('okta.users.read'));
    case 'unclear':
      return warn(
        `Okta shows no user: the role may not view users, or the resource set has none. If it is the first: ${BLIND}`,
        `${grant('okta.users.read')} Then verify again: it shows whether the resource set has users.`,
      );
    case 'none':
      return groups === 'forbidden'
        ? null
        : fail(
            'Okta shows no user, and every org has one: the resource set of the role has no users.',
            `${fix} If all users are there, the role may not view them: ${grant('okta.users.read')}`,
          );
    case 'unknown':
      return unknownFinding(seen.reads.users);
  }
}

function groupsFinding(seen: Sightings, groups: Sight): Finding | null {
  switch (groups) {
    case 'not-asked':
    case 'forbidden':
      return null;
    case 'sees':
      return pass('Okta shows groups. Whether it is all of them cannot be seen.');
    case 'none':
    case 'unclear':
      return fail(
        'Okta shows no group, and every org has one: the resource set of the role has no groups.',
        `${RESOURCES} > Groups > All groups. If all groups are there, the role may not view them: ${grant('okta.groups.read')}`,
      );
    case 'unknown':
      return unknownFinding(seen.reads.groups);
  }
}

/** An outage proves nothing, so it must not pass for a set-up that was found good. */
function unknownFinding(reply: Reply): Finding {
  return reply.kind === 'no-answer'
    ? fail(whyUnknown(reply), 'Verify again in a minute.')
    : skipped(whyUnknown(reply));
}

function isAllowed(reply: Reply | undefined): boolean {
  return reply?.kind === 'invalid' || reply?.kind === 'absent' || reply?.kind === 'done';
}

function whyUnknown({ kind, detail }: Reply): string {
  return kind === 'scope-missing'
    ? 'Not known: the scope for it is not granted.'
    : `Not known: ${detail ?? 'Okta was not asked.'}`;
}
