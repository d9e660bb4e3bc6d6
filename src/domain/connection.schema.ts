// Bodies of POST and PATCH /v1/connections and of POST /v1/connections/{id}/keys. What needs a clock, a
// time zone or a key library (domain, settings, the key itself) is judged by the API.
import { z } from 'zod';
import { CONNECTION_ID, OKTA_SCOPES } from './connection.js';
import { duration, note } from './fields.schema.js';
import { says } from './fault.schema.js';

const MAX_KEY_TEXT = 16_000;

const id = z
  .string()
  .regex(CONNECTION_ID, {
    error: 'A slug like acme: 2 to 31 small letters, digits and hyphens, a letter first',
  })
  .meta({ description: 'Names it from now on, in run ids too.', example: 'acme' });

const domain = z.string().trim().min(1).max(500).meta({
  description:
    'The host of the org, without `-admin`. What people paste with it (scheme, path, `-admin`) is taken off.',
  example: 'acme.okta.com',
});

const customDomain = z.boolean().meta({
  description: 'Says that `domain` is meant although it is none of Okta’s own.',
});

const clientId = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[\x21-\x7e]+$/, { error: 'A client id has no blanks and no special characters' })
  .meta({ example: '0oa1b2c3d4e5f6g7h8i9' });

const scopes = z
  .array(
    z
      .string()
      .max(100)
      .regex(/^[\w.:-]+$/, { error: 'A scope looks like okta.users.read' }),
  )
  .min(1)
  .max(50)
  .refine((all) => new Set(all).size === all.length, says('DUPLICATE', 'A scope is named twice'))
  .meta({ description: 'Default: the four that runs need.', example: [...OKTA_SCOPES] });

const settings = z
  .strictObject({
    timeZone: z.string().min(1).max(100).nullable().optional().meta({
      description: 'Applies to times given without a zone.',
      example: 'Europe/Berlin',
    }),
    undoWindow: duration.optional(),
    onExisting: z.enum(['park', 'adopt', 'fail']).optional(),
    whenNotSuspendable: z.enum(['park', 'deactivate']).optional(),
  })
  .meta({ id: 'ConnectionSettings', description: 'Defaults of runs; what is left out stays.' });

const WAYS = ['generate', 'jwk', 'pem'] as const;
const keyText = z.string().min(1).max(MAX_KEY_TEXT);

const keyFields = z.strictObject({
  generate: z.literal(true).optional().meta({ description: 'Tenure makes the pair.' }),
  alg: z.enum(['RS256', 'ES256']).optional().meta({ description: 'With `generate`.' }),
  jwk: z
    .union([z.record(z.string(), z.unknown()), keyText], { error: 'A JSON Web Key' })
    .optional()
    .meta({ description: 'A private JSON Web Key, as Okta shows it.' }),
  pem: keyText.optional().meta({ description: 'PKCS#8, PKCS#1 or SEC1, not encrypted.' }),
  kid: z.string().trim().min(1).max(255).optional().meta({
    description: 'With `pem`: how Okta names the key. Its thumbprint, where left out.',
  }),
  publicJwk: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ description: 'With `pem`: the public half as Okta shows it, to be compared.' }),
});
type KeyFields = z.infer<typeof keyFields>;

/** What belongs together, once for each form of the key. */
function oneWay(ways: readonly (keyof KeyFields)[]) {
  return (key: KeyFields, context: z.RefinementCtx) => {
    const given = WAYS.filter((way) => key[way] !== undefined);
    const fault = (code: 'REQUIRED' | 'CONFLICTING_FIELDS', message: string, name?: string) => {
      const path = name === undefined ? [] : [name];
      context.addIssue({ code: 'custom', params: { code }, message, path, input: key });
    };
    if (!ways.some((way) => key[way] !== undefined)) {
      fault('REQUIRED', `Give one of ${ways.join(', ')}`);
    }
    if (given.length > 1) fault('CONFLICTING_FIELDS', `Give only one of ${given.join(', ')}`);
    const [way] = given;
    if (key.alg !== undefined && way !== 'generate') {
      fault('CONFLICTING_FIELDS', 'Only with generate; a key says itself what it is', 'alg');
    }
    for (const name of ['kid', 'publicJwk'] as const) {
      const isFitting = way === 'pem' || (name === 'kid' && way === undefined);
      if (key[name] !== undefined && !isFitting) {
        fault('CONFLICTING_FIELDS', 'Only with pem; a JSON Web Key says it itself', name);
      }
    }
  };
}

export const keyRequest = keyFields.superRefine(oneWay(WAYS)).meta({
  id: 'KeyRequest',
  description: 'One of `generate`, `jwk` and `pem`.',
  example: { generate: true },
});
export type KeyRequest = z.infer<typeof keyRequest>;

const keyChange = keyFields.superRefine(oneWay([...WAYS, 'kid'])).meta({
  description: 'Another key, or `{ "kid": … }` alone: the same key under the name that Okta shows.',
});

export const connectionRequest = z
  .strictObject({
    id,
    name: note(100).optional().meta({ example: 'Acme Inc.' }),
    domain,
    customDomain: customDomain.optional(),
    clientId,
    key: keyRequest,
    scopes: scopes.optional(),
    settings: settings.optional(),
  })
  .meta({
    id: 'ConnectionRequest',
    example: {
      id: 'acme',
      domain: 'acme.okta.com',
      clientId: '0oa1b2c3d4e5f6g7h8i9',
      key: { generate: true },
      settings: { timeZone: 'Europe/Berlin' },
    },
  });

export const connectionChange = z
  .strictObject({
    name: note(100).nullable().optional(),
    domain: domain.optional(),
    customDomain: customDomain.optional(),
    clientId: clientId.optional(),
    key: keyChange.optional(),
    scopes: scopes.optional(),
    settings: settings.optional(),
  })
  .meta({ id: 'ConnectionChange', example: { settings: { undoWindow: 'P30D' } } });
export type ConnectionSettingsGiven = z.infer<typeof settings>;
