// The questions of `tenure connect`, one thing at a time, until the API takes the connection. What it
// finds wrong is asked again. Each answer is kept at once, so that one can leave at any moment.
import { CONNECTION_ID } from '../domain/connection.js';
import { hostOf, isOktasOwn, readOktaDomain } from '../domain/okta-domain.js';
import type { Api } from './api.js';
import { ApiProblem } from './api-problem.js';
import { CliProblem, type Io, type Prompt } from './command.js';
import type { Answers, AnswersFile } from './connect-answers.js';
import { APP_CLICKS, DOMAIN_CLICKS } from './connect-clicks.js';
import { createConnection, type Connection, type GivenKey } from './connection.js';
import { customDomainOf } from './custom-domain.js';
import { givenKey, isWholeKey } from './key-text.js';
import { readText } from './service.js';

export interface Asking {
  say: Io['say'];
  prompt: Prompt;
  api: Api;
  file: AnswersFile;
}

type Field = 'domain' | 'clientId' | 'id' | 'timeZone' | 'key';
const FIELDS: readonly Field[] = ['domain', 'clientId', 'id', 'timeZone', 'key'];

/**
 * @param known answers that are offered, to be taken over by Enter
 * @param given a key that need not be asked for
 */
export async function askForConnection(
  asking: Asking,
  known: Answers,
  given: GivenKey | undefined,
): Promise<Connection> {
  const { say, api, file } = asking;
  const answers = { ...known };
  let key = given ?? { generate: true };
  let open = FIELDS.filter((field) => field !== 'key' || given === undefined);
  for (;;) {
    for (const field of open) {
      if (field === 'key') key = await askForKey(asking);
      else Object.assign(answers, await QUESTIONS[field](asking, answers));
      file.save(answers);
    }
    try {
      const made = await createConnection(api, answers, key);
      file.remove();
      return made;
    } catch (error) {
      open = faultyFields(error);
      if (open.length === 0) throw error;
      say(`\n${error instanceof Error ? error.message : ''}`);
    }
  }
}

/** The questions whose answers the API found wrong. */
function faultyFields(error: unknown): Field[] {
  if (!(error instanceof ApiProblem)) return [];
  // Either its name is taken, or there is a connection for the same app.
  if (error.code === 'CONNECTION_EXISTS') return ['clientId', 'id'];
  const paths = (error.problem.errors ?? []).map(({ path }) => path.replace(/^settings\./, ''));
  return FIELDS.filter((field) => paths.some((path) => path.split('.')[0] === field));
}

type Question = (asking: Asking, answers: Answers) => Promise<Answers>;

const QUESTIONS: Record<Exclude<Field, 'key'>, Question> = {
  domain: async ({ say, prompt }, answers) => {
    say(chapter('Your Okta org', DOMAIN_CLICKS));
    const domain = await required(prompt, 'Domain', answers.domain);
    return { domain, customDomain: await customDomainOf(prompt, domain, answers.customDomain) };
  },
  clientId: async ({ say, prompt }, answers) => {
    say(chapter('An app for Tenure', APP_CLICKS));
    return { clientId: await required(prompt, 'Client ID', answers.clientId) };
  },
  id: async ({ say, prompt }, answers) => {
    say(
      chapter('Its name in Tenure', ['Small letters, digits and hyphens; part of every run id.']),
    );
    return { id: await required(prompt, 'Name', answers.id ?? slugOf(answers)) };
  },
  timeZone: async ({ say, prompt }, answers) => {
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    say(
      chapter('Its time zone', ['For times that are given without one, such as 2027-03-31T17:00.']),
    );
    return { timeZone: await required(prompt, 'Time zone', answers.timeZone ?? here) };
  },
};

async function askForKey({ say, prompt }: Asking): Promise<GivenKey> {
  say(
    chapter('The key', [
      '1  Tenure makes it, and Okta gets the public half: no private key is ever copied.',
      '2  Okta or somebody else made it, and you hand over the private half.',
    ]),
  );
  for (let offered = '1'; ;) {
    const choice = await required(prompt, '1 or 2', offered);
    if (choice === '1') return { generate: true };
    if (choice !== '2') continue;
    offered = '2';
    try {
      const path = await prompt.ask('File with the private key (nothing: paste it):');
      const text =
        path === ''
          ? await prompt.askHidden('Paste it here; it is not shown:', isWholeKey)
          : readText(path, 'The private key');
      const key = givenKey(text);
      if (!('pem' in key)) return key;
      const kid = await prompt.ask('Key ID (KID) that Okta shows beside it (nothing: none):');
      return givenKey(text, kid === '' ? undefined : kid);
    } catch (error) {
      if (!(error instanceof CliProblem) || error.exitCode === 130) throw error;
      say(error.message);
    }
  }
}

async function required(prompt: Prompt, what: string, offered?: string): Promise<string> {
  for (;;) {
    const question = offered === undefined ? `${what}:` : `${what} [${offered}]:`;
    const answer = (await prompt.ask(question)) || offered;
    if (answer !== undefined && answer !== '') return answer;
  }
}

function chapter(title: string, lines: readonly string[]): string {
  return ['', title, ...lines.map((line) => `  ${line}`)].join('\n');
}

/** `acme` of `https://acme-admin.okta.com` or of `id.acme.com`, as far as it makes a slug. */
function slugOf({ domain = '' }: Answers): string | undefined {
  const read = readOktaDomain(domain, { customDomain: true, loopbackAllowed: true });
  if (!read.ok) return undefined;
  const labels = hostOf(read.domain).split('.');
  const slug = (isOktasOwn(read.domain) ? labels[0] : labels.at(-2))?.slice(0, 31);
  return CONNECTION_ID.test(slug ?? '') ? slug : undefined;
}
