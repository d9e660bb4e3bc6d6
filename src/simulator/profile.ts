/**
 * Okta's default user profile and what `POST /users`, `POST` and `PUT /users/{id}` refuse in one.
 * Whether a login is taken is for the caller to say. Pure.
 */
import type { Profile, User } from './entities.js';
import { validationFailed, type OktaError } from './okta-error.js';

/** developer.okta.com/docs/concepts/user-profiles, "default profile base attributes". */
const BASE_ATTRIBUTES = [
  'login',
  'email',
  'secondEmail',
  'firstName',
  'lastName',
  'middleName',
  'honorificPrefix',
  'honorificSuffix',
  'title',
  'displayName',
  'nickName',
  'profileUrl',
  'primaryPhone',
  'mobilePhone',
  'streetAddress',
  'city',
  'state',
  'zipCode',
  'countryCode',
  'postalAddress',
  'preferredLanguage',
  'locale',
  'timezone',
  'userType',
  'employeeNumber',
  'costCenter',
  'organization',
  'division',
  'department',
  'managerId',
  'manager',
] as const;

const REQUIRED = ['login', 'firstName', 'lastName', 'email'] as const;

/** Least and greatest length (Okta's API reference, UserProfile). */
const LENGTHS: Readonly<Record<string, readonly [number, number]>> = {
  login: [5, 100],
  email: [5, 100],
  firstName: [1, 50],
  lastName: [1, 50],
};

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

export const LOGIN_TAKEN =
  'login: An object with this field already exists in the current organization';

/** A login as Okta compares it: without case and without diacritics. */
export function foldLogin(login: string): string {
  return login.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

export function loginOf(user: User): string {
  return String(user.profile['login']);
}

/** `profile` without the attributes that are null: Okta keeps no difference between the two. */
export function withoutNulls(profile: Profile): Profile {
  return Object.fromEntries(Object.entries(profile).filter(([, value]) => value !== null));
}

/**
 * The refusal that `profile` deserves. The names and the order of the causes are those of recorded
 * answers; the wording for a length or a type is ours.
 *
 * @param newUser the object being validated, as the summary names it
 */
export function profileProblem(
  profile: Profile,
  newUser: string,
  customAttributes: readonly string[],
): OktaError | undefined {
  const unknown = Object.keys(profile).filter(
    (name) => !BASE_ATTRIBUTES.some((base) => base === name) && !customAttributes.includes(name),
  );
  if (unknown.length > 0) {
    return validationFailed(
      newUser,
      unknown.map((name) => `Property name '${name}' is not defined in profile`),
    );
  }
  const causes = [...blankCauses(profile), ...formCauses(profile)];
  const [first] = causes;
  return first === undefined ? undefined : validationFailed(first.split(':')[0] ?? '', causes);
}

function blankCauses(profile: Profile): string[] {
  const blank = REQUIRED.filter((name) => isBlank(profile[name]));
  const causes = blank.map((name) => `${name}: The field cannot be left blank`);
  if (profile['login'] === undefined) {
    causes.unshift('login: Username must be in the form of an email address');
  }
  return causes;
}

function formCauses(profile: Profile): string[] {
  return Object.entries(profile).flatMap(([name, value]) => {
    if (isBlank(value)) return [];
    const isBase = BASE_ATTRIBUTES.some((base) => base === name);
    if (typeof value !== 'string') return isBase ? [`${name}: The field must be a string`] : [];
    const [least, greatest] = LENGTHS[name] ?? [0, Infinity];
    if (name === 'login' && !EMAIL.test(value)) {
      return ['login: Username must be in the form of an email address'];
    }
    if (name === 'email' && !EMAIL.test(value)) return ['email: Does not match required pattern'];
    if (value.length < least) return [`${name}: The field is too short`];
    if (value.length > greatest) return [`${name}: The field is too long`];
    return [];
  });
}

const isBlank = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
