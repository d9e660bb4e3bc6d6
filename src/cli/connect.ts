// `tenure connect`: the way from an Okta org to a connection that is ready, as a guide at the terminal,
// or at once with all answers as options.
import { createApi, type Api } from './api.js';
import { readArgs } from './arguments.js';
import { CliProblem, type Command, type ExitCode, type Io } from './command.js';
import type { Answers } from './connect-answers.js';
import { connectByGuide } from './connect-guide.js';
import {
  changeConnection,
  createConnection,
  findConnection,
  keyOfNew,
  verifyConnection,
  type Keys,
} from './connection.js';
import { givenKey } from './key-text.js';
import { findService, readText, SERVICE_OPTIONS, SERVICE_USAGE } from './service.js';

const USAGE = `npm run tenure -- connect [ID]

Walks through the set-up of an Okta org, one click at a time, and verifies each step. It can be left at
any moment with Ctrl-C and taken up again. ID is how the connection is named in Tenure, such as acme.
docs/connect-okta.md is the same guide on paper.

With --json nothing is asked: ID, --domain and --client-id are needed, the connection is made or changed,
verified once, and shown with what is missing (exit code 1 where a check fails).

  --domain HOST        the org, such as acme.okta.com
  --custom-domain      HOST is a domain of your own
  --client-id ID       of the API Services app
  --private-key FILE   a JSON Web Key or PEM; left out, Tenure makes the key
  --kid KID            how Okta names the key: with a PEM, or alone for a connection that is there
  --name TEXT          the company, for people
  --time-zone ZONE     for times without one, such as Europe/Berlin
${SERVICE_USAGE}`;

const OPTIONS = {
  ...SERVICE_OPTIONS,
  domain: { type: 'string' },
  'custom-domain': { type: 'boolean' },
  'client-id': { type: 'string' },
  'private-key': { type: 'string' },
  kid: { type: 'string' },
  name: { type: 'string' },
  'time-zone': { type: 'string' },
} as const;

export const connectCommand: Command = {
  name: 'connect',
  summary: 'connects an Okta org, step by step',
  usage: USAGE,
  run: async (args, io) => {
    const { values, words } = readArgs(args, OPTIONS, [], ['ID']);
    const id = words.ID;
    const answers = given({
      id,
      name: values.name,
      domain: values.domain,
      customDomain: values['custom-domain'],
      clientId: values['client-id'],
      timeZone: values['time-zone'],
    });
    const keys = keysOf(values['private-key'], values.kid);
    const service = findService(io.config, values);
    return values.json === true
      ? connectAtOnce(io, createApi(service), answers, keys)
      : connectByGuide(io, createApi(service, io.leaving()), answers, keys);
  },
};

/** Without what was left out, so that it hides nothing known before. */
function given(answers: Answers): Answers {
  return Object.fromEntries(Object.entries(answers).filter(([, value]) => value !== undefined));
}

function keysOf(file: string | undefined, kid: string | undefined): Keys {
  return file === undefined ? { kid } : { key: givenKey(readText(file, 'The private key'), kid) };
}

async function connectAtOnce(
  { say }: Io,
  api: Api,
  answers: Answers,
  keys: Keys,
): Promise<ExitCode> {
  if (answers.id === undefined) throw new CliProblem('Name the ID of the connection.', 2);
  const known = await findConnection(api, answers.id);
  const { id, corrections = [] } =
    known === null
      ? await createConnection(api, answers, keyOfNew(keys) ?? { generate: true })
      : await changeConnection(api, known, { ...answers, ...keys });
  const verification = await verifyConnection(api, id, false);
  const connection = await findConnection(api, id);
  say(JSON.stringify({ connection, corrections, verification }));
  return verification.ok ? 0 : 1;
}
