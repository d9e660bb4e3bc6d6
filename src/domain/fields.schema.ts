// Fields that several requests share. Lengths are Okta's: login and e-mail 5 to 100 characters, first
// and last name 1 to 50, group names 1 to 255. Times stay text here: what they mean needs a zone.
import { z } from 'zod';
import { says } from './fault.schema.js';
import { looksLikeOktaId } from './login.js';

/** Okta cannot store characters outside the Basic Multilingual Plane; control characters have no place in a name. */
const UNSTORABLE = /[\u{10000}-\u{10FFFF}\p{Cc}\p{Cs}]/u;
const EMAIL = z.regexes.email;

const UNSTORABLE_SAID = says(
  'INVALID',
  'Control characters and characters like emoji cannot be stored in Okta',
);

/** Text that ends up in Okta; blanks at both ends are dropped. */
export function oktaText(max: number, min = 1) {
  return z
    .string()
    .trim()
    .min(min)
    .max(max)
    .refine((text) => !UNSTORABLE.test(text), UNSTORABLE_SAID);
}

/** Text for people and the ledger. */
export function note(max: number) {
  return z.string().trim().min(1).max(max);
}

export const connectionId = z
  .string()
  .max(31)
  .meta({ description: 'May be left out where exactly one exists.', example: 'demo' });

/** Text that names a person by login, and not by the id of the account. */
export function noOktaId<T extends z.ZodType<string>>(text: T) {
  return text.refine(
    (login) => !looksLikeOktaId(login),
    says(
      'INVALID',
      'This is the id of an Okta account: give the login of the person, as in ada@example.com',
    ),
  );
}

export const login = noOktaId(oktaText(100, 5)).meta({
  description: 'The Okta login; no id of an account.',
  example: 'ada@example.com',
});

export const email = z
  .string()
  .trim()
  // The first fault of a field counts: nothing at all is REQUIRED, anything else that fails is this.
  .refine((text) => text === '' || EMAIL.test(text), says('INVALID_EMAIL', 'Not an e-mail address'))
  .pipe(oktaText(100, 5))
  .meta({ format: 'email', minLength: 5, maxLength: 100, example: 'ada@example.com' });

export const time = z.string().trim().min(1).max(100).meta({
  description:
    'An RFC 3339 instant, or a wall-clock time with its zone. Without a zone only where the connection has a `timeZone`.',
  example: '2027-03-31T17:00[Europe/Berlin]',
});

export const duration = z.string().trim().min(1).max(50).meta({
  description: 'ISO 8601, positive, at most a year.',
  example: 'P14D',
});

/** Who asked, and why: for the ledger; no part of what makes two requests the same. */
export const requester = {
  requestedBy: note(100).optional().meta({ example: 'hr-sync' }),
  reason: note(500).optional().meta({ example: 'contract signed' }),
};

/** Far above what people have, and bounds a run's history. */
export const MAX_GROUPS = 100;
export const MAX_ATTRIBUTES = 100;

/** Names or ids of groups. */
export const groups = z
  .array(oktaText(255))
  .max(MAX_GROUPS)
  .superRefine((names, context) => {
    names.forEach((name, index) => {
      if (names.indexOf(name) === index) return;
      context.addIssue({
        code: 'custom',
        params: { code: 'DUPLICATE' },
        message: 'The same group is named before',
        path: [index],
        input: name,
      });
    });
  })
  .meta({ description: 'Names or ids.', example: ['Engineering', 'All staff'] });

const CORE_NAMES = ['firstName', 'lastName', 'email', 'login'];
const attributeName = z
  .string()
  .max(100)
  .regex(/^[A-Za-z_]\w*$/, { error: 'An attribute name has letters, digits and underscores' })
  .refine((name) => !CORE_NAMES.includes(name), {
    error: `${CORE_NAMES.join(', ')} are fields of the person, not attributes`,
  });
const scalar = z.union([oktaText(1000, 0), z.number(), z.boolean()], {
  error: 'An attribute is text, a number, true or false, or a list of these',
});

/** Further Okta profile attributes. */
export const attributes = z
  .record(
    attributeName,
    z.union([scalar, z.array(scalar).max(100)], {
      error: 'An attribute is text, a number, true or false, or a list of these',
    }),
  )
  .refine(
    (all) => Object.keys(all).length <= MAX_ATTRIBUTES,
    says('TOO_LONG', `At most ${MAX_ATTRIBUTES} attributes`),
  )
  .meta({ example: { department: 'Research', employeeNumber: '1815' } });
