// What is asked where a step is not done: an answer in place of Enter may correct the connection.
import { ApiProblem } from './api-problem.js';
import type { Prompt } from './command.js';
import type { Asking } from './connect-questions.js';
import { changeConnection, type Connection, type ConnectionChange } from './connection.js';
import { customDomainOf } from './custom-domain.js';

export interface Correction {
  /** What is corrected. */
  words: string;
  changeOf: (prompt: Prompt, answer: string, connection: Connection) => Promise<ConnectionChange>;
}

export const ANOTHER_DOMAIN: Correction = {
  words: 'another domain',
  changeOf: async (prompt, domain, { customDomain }) => ({
    domain,
    customDomain: await customDomainOf(prompt, domain, customDomain),
  }),
};

export const ANOTHER_CLIENT_ID: Correction = {
  words: 'another Client ID',
  changeOf: (_prompt, clientId) => Promise.resolve({ clientId }),
};

/** Asks until the API takes what is answered: the connection as it is then, to be looked at again. */
export async function askHowToGoOn(
  { prompt, api, say }: Asking,
  connection: Connection,
  correction: Correction | null,
): Promise<Connection | 'without'> {
  const offer = correction === null ? '' : `, ${correction.words} corrects it`;
  for (;;) {
    const answer = await prompt.ask(
      `Enter checks again${offer}, s goes on without, Ctrl-C leaves:`,
    );
    if (answer.toLowerCase() === 's') return 'without';
    if (answer === '' || correction === null) return connection;
    try {
      const change = await correction.changeOf(prompt, answer, connection);
      const changed = await changeConnection(api, connection, change);
      for (const made of changed.corrections ?? []) say(made);
      return changed;
    } catch (error) {
      if (!isRefused(error)) throw error;
      say(error.message);
    }
  }
}

/** Wrong in itself, or that of another connection. */
function isRefused(error: unknown): error is ApiProblem {
  return error instanceof ApiProblem && [400, 409].includes(error.problem.status);
}
