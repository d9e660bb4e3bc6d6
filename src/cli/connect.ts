// `tenure connect`: the way from an Okta org to a connection that is ready, as a guide at the terminal,
// or at once with all answers as options.
import { join, resolve } from 'node:path';
import { createApi, type Api } from './api.js';
import { readArgsWithOptional } from './arguments.js';
import { checkLines, sumOf } from './check-view.js';
import { CliProblem, Left, type Command, type ExitCode, type Io } from './command.js';
import { answersFile, type Answers } from './connect-answers.js';
import { askForConnection } from './connect-questions.js';
import { goThroughSteps } from './connect-steps.js';
import {
  changeConnection,
  createConnection,
  findConnection,
  unfinished,
  verifyConnection,
  type Connection,
  type GivenKey,
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
  --kid KID            how Okta names the key, for PEM
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
    const { values, word: id } = readArgsWithOptional(args, OPTIONS, 'ID');
    const answers = given({
      id,
      name: values.name,
      domain: values.domain,
      customDomain: values['custom-domain'],
      clientId: values['client-id'],
      timeZone: values['time-zone'],
    });
    const service = findService(io.config, values);
    const file = values['private-key'];
    const key =
      file === undefined ? undefined : givenKey(readText(file, 'The private key'), values.kid);
    return values.json === true
      ? connectAtOnce(io, createApi(service), answers, key)
      : connectByGuide(io, createApi(service, io.leaving()), answers, key);
  },
};

async function connectAtOnce(
  { say }: Io,
  api: Api,
  answers: Answers,
  key: GivenKey | undefined,
): Promise<ExitCode> {
  if (answers.id === undefined) throw new CliProblem('Name the ID of the connection.', 2);
  const known = await findConnection(api, answers.id);
  const { id, corrections = [] } =
    known === null
      ? await createConnection(api, answers, key ?? { generate: true })
      : await changeConnection(api, known, { ...answers, key });
  const verification = await verifyConnection(api, id, false);
  const connection = await findConnection(api, id);
  say(JSON.stringify({ connection, corrections, verification }));
  return verification.ok ? 0 : 1;
}

async function connectByGuide(
  io: Io,
  api: Api,
  answers: Answers,
  key: GivenKey | undefined,
): Promise<ExitCode> {
  const { say } = io;
  const file = answersFile(join(resolve(io.config.home), 'connect.json'));
  const prompt = io.openPrompt();
  let id = answers.id;
  try {
    const asking = { say, prompt, api, file };
    const known = id === undefined ? null : await findConnection(api, id);
    if (id === undefined) await tellUnfinished(api, say);
    const connection =
      known === null
        ? await askForConnection(asking, { ...file.load(), ...answers }, key)
        : await changeConnection(api, known, { ...answers, key });
    id = connection.id;
    tellMade(say, connection, known === null);
    const columns = io.screen?.columns() ?? null;
    const seen = await goThroughSteps({ ...asking, columns }, connection);
    const answer = seen.ok
      ? await prompt.ask('\nProve its permissions, too, by writes that Okta must refuse? Y/n:')
      : 'n';
    const { ok, checks } = /^n/i.test(answer) ? seen : await verifyConnection(api, id, true);
    const open = checks.filter(({ status }) => status !== 'pass');
    say(['', ...checkLines(open, columns), '', `${sumOf(checks)}.`].join('\n'));
    say(ok ? `The connection ${id} is ready.` : `Go on with: npm run tenure -- connect ${id}`);
    return ok ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Left)) throw error;
    throw new Left(
      `Left. Go on with: npm run tenure -- connect${id === undefined ? '' : ` ${id}`}`,
    );
  } finally {
    prompt.close();
  }
}

async function tellUnfinished(api: Api, say: Io['say']): Promise<void> {
  for (const { id, domain } of await unfinished(api)) {
    say(`Not finished: ${domain}. To go on with it: npm run tenure -- connect ${id}`);
  }
}

function tellMade(say: Io['say'], connection: Connection, isNew: boolean): void {
  const { id, domain, corrections = [] } = connection;
  for (const correction of corrections) say(correction);
  say(
    isNew
      ? `\nThe connection ${id} is made, not verified yet. From here on you can leave and come back.`
      : `The connection ${id} (${domain}).`,
  );
}

/** Without what was left out, so that it hides nothing known before. */
function given(answers: Answers): Answers {
  return Object.fromEntries(Object.entries(answers).filter(([, value]) => value !== undefined));
}
