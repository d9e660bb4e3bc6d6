// The body of POST /v1/onboardings.
import { z } from 'zod';
import { profileName } from './access-profile.schema.js';
import {
  attributes,
  connectionId,
  email,
  groups,
  login,
  note,
  oktaText,
  requester,
  time,
} from './fields.schema.js';

const newPerson = z
  .strictObject({
    firstName: oktaText(50).meta({ example: 'Ada' }),
    lastName: oktaText(50).meta({ example: 'Lovelace' }),
    email,
    login: login.optional().meta({ description: 'The e-mail address, where left out.' }),
    attributes: attributes.optional(),
  })
  .meta({ id: 'NewPerson' });

export const onboardingRequest = z
  .strictObject({
    connection: connectionId.optional(),
    person: newPerson,
    externalId: note(255).optional().meta({ description: "The person's id in the asking system." }),
    groups: groups.optional(),
    accessProfile: profileName.optional().meta({
      description: 'Its groups come on top; attributes of the person go over its attributes.',
    }),
    startAt: time.optional().meta({
      description:
        'The first day; now where left out or up to 15 minutes past. Further back is `TIME_PAST`.',
    }),
    endsAt: time
      .optional()
      .meta({ description: 'The end of the contract: she is offboarded then.' }),
    activation: z.enum(['email', 'none']).optional().meta({
      description:
        '`email` (default): Okta sends an activation mail. `none`: the account stays STAGED.',
    }),
    onExisting: z.enum(['park', 'adopt', 'fail']).optional().meta({
      description: "What to do where the login is taken; default from the connection's settings.",
    }),
    ...requester,
  })
  .meta({
    id: 'OnboardingRequest',
    example: {
      connection: 'demo',
      person: { firstName: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' },
      groups: ['Engineering'],
      startAt: '2027-03-01T09:00[Europe/Berlin]',
      requestedBy: 'hr-sync',
    },
  });
export type OnboardingRequest = z.infer<typeof onboardingRequest>;
