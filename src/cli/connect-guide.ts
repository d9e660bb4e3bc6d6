// `tenure connect` at a terminal: asks for the connection, goes through the steps in Okta, and says what
// is left. Left at any moment, it goes on from where things stand.
import { join, resolve } from 'node:path';
import type { Api } from './api.js';
import { checkLines, sumOf, type Verification } from './check-view.js';
import { Left, type ExitCode, type Io } from './command.js';
import { answersFile, type Answers } from './connect-answers.js';
import { askForConnection, type Asking } from './connect-questions.js';
import { goThroughSteps } from './connect-steps.js';
import {
  changeConnection,
  findConnection,
  keyOfNew,
  unfinished,
  verifyConnection,
  type Connection,
  type Keys,
} from './connection.js';
import { customDomainOf } from './custom-domain.js';

export async function connectByGuide(
  io: Io,
  api: Api,
  answers: Answers,
  keys: Keys,
): Promise<ExitCode> {
  const { say } = io;
  const file = answersFile(join(resolve(io.config.home), 'connect.json'));
  const prompt = io.openPrompt();
  const asking = { say, prompt, api, file };
  let { id } = answers;
  try {
    const known = id === undefined ? null : await findConnection(api, id);
    const connection =
      known === null
        ? await made(asking, answers, keys)
        : await changed(asking, known, answers, keys);
    ({ id } = connection);
    const columns = io.screen?.columns() ?? null;
    const seen = await goThroughSteps({ ...asking, columns }, connection);
    const { ok, checks } = await proven(asking, id, seen);
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

async function made(asking: Asking, answers: Answers, keys: Keys): Promise<Connection> {
  const { say, api, file } = asking;
  const key = keyOfNew(keys);
  if (answers.id === undefined) {
    for (const { id, domain } of await unfinished(api)) {
      say(`Not finished: ${domain}. To go on with it: npm run tenure -- connect ${id}`);
    }
  }
  const kept = file.load();
  const isMeant = answers.id === undefined || answers.id === kept.id;
  const connection = await askForConnection(asking, { ...(isMeant ? kept : {}), ...answers }, key);
  tellCorrections(say, connection);
  say(
    `\nThe connection ${connection.id} is made, not verified yet. From here on you can leave and come back.`,
  );
  return connection;
}

async function changed(
  { say, prompt, api }: Asking,
  known: Connection,
  answers: Answers,
  keys: Keys,
): Promise<Connection> {
  const { domain, customDomain = known.customDomain } = answers;
  const connection = await changeConnection(api, known, {
    ...answers,
    ...keys,
    customDomain:
      domain === undefined ? undefined : await customDomainOf(prompt, domain, customDomain),
  });
  tellCorrections(say, connection);
  say(`The connection ${connection.id} (${connection.domain}).`);
  return connection;
}

function tellCorrections(say: Io['say'], { corrections = [] }: Connection): void {
  for (const correction of corrections) say(correction);
}

async function proven(
  { prompt, api }: Asking,
  id: string,
  seen: Verification,
): Promise<Verification> {
  if (!seen.ok) return seen;
  const answer = await prompt.ask(
    '\nProve its permissions, too, by writes that Okta must refuse? Y/n:',
  );
  return /^n/i.test(answer) ? seen : verifyConnection(api, id, true);
}
