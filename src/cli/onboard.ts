// `tenure onboard`: POST /v1/onboardings from a terminal.
import { readArgs } from './arguments.js';
import { CliProblem, type Command } from './command.js';
import { refuseLongPast } from './given-time.js';
import { RECORD_OPTIONS, RECORD_USAGE, recordOf } from './record.js';
import { SERVICE_OPTIONS, SERVICE_USAGE } from './service.js';
import { submit } from './submit.js';

const USAGE = `npm run tenure -- onboard --first-name Ada --last-name Lovelace --email ada@example.com

Makes an account in Okta and puts it into groups. The same command again finds the run of the first.

  --first-name, --last-name, --email   who she is
  --login LOGIN        her Okta login, where it is not the e-mail address
  --attribute A=B      a further Okta attribute; as often as needed
  --group GROUP        a group, by name or id; as often as needed
  --start-at TIME      her first day, now where left out: 2027-03-01T09:00[Europe/Berlin] or an instant;
                       one that is more than 15 minutes past is refused
  --ends-at TIME       the end of her contract: she is offboarded then
  --activation HOW     email (Okta mails her) or none (the account stays staged)
  --on-existing HOW    park, adopt or fail, where the login is taken
  --connection ID      the Okta org, where there are several
${RECORD_USAGE}
  --wait               stay until she is in: 0 done, 1 where it ends otherwise (in part, too) or a person
                       must decide
${SERVICE_USAGE}`;

const OPTIONS = {
  ...SERVICE_OPTIONS,
  ...RECORD_OPTIONS,
  'first-name': { type: 'string' },
  'last-name': { type: 'string' },
  email: { type: 'string' },
  login: { type: 'string' },
  attribute: { type: 'string', multiple: true },
  group: { type: 'string', multiple: true },
  'start-at': { type: 'string' },
  'ends-at': { type: 'string' },
  activation: { type: 'string' },
  'on-existing': { type: 'string' },
  connection: { type: 'string' },
  wait: { type: 'boolean' },
} as const;

export const onboardCommand: Command = {
  name: 'onboard',
  summary: 'gives a person an account in her groups',
  usage: USAGE,
  run: async (args, io) => {
    const { values } = readArgs(args, OPTIONS, []);
    refuseLongPast('start-at', values['start-at'], Date.now());
    return submit(io, values, '/v1/onboardings', {
      connection: values.connection,
      person: {
        firstName: values['first-name'],
        lastName: values['last-name'],
        email: values.email,
        login: values.login,
        attributes: attributesOf(values.attribute),
      },
      groups: values.group,
      startAt: values['start-at'],
      endsAt: values['ends-at'],
      activation: values.activation,
      onExisting: values['on-existing'],
      ...recordOf(values),
    });
  },
};

function attributesOf(given: readonly string[] | undefined): Record<string, string> | undefined {
  if (given === undefined) return undefined;
  return Object.fromEntries(
    given.map((text) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
      if (name === undefined || value === undefined) {
        throw new CliProblem('--attribute wants a name and a value, as in department=Research.', 2);
      }
      return [name, value];
    }),
  );
}
