// `tenure verify ID`: what is right and what is missing in the set-up of a connection.
import { createApi } from './api.js';
import { readArgs } from './arguments.js';
import { checkLines, sumOf } from './check-view.js';
import type { Command } from './command.js';
import { verifyConnection } from './connection.js';
import { findService, SERVICE_OPTIONS, SERVICE_USAGE } from './service.js';

const USAGE = `npm run tenure -- verify ID [--probe]

Checks the set-up of a connection in Okta and says what is missing and where to click. Nothing in Okta
is changed. Exit code 1 where a check fails. docs/connect-okta.md explains each check.

  --probe              also prove the permissions of the role, by writes that Okta must refuse
${SERVICE_USAGE}`;

const OPTIONS = { ...SERVICE_OPTIONS, probe: { type: 'boolean' } } as const;

export const verifyCommand: Command = {
  name: 'verify',
  summary: "checks a connection's set-up in Okta",
  usage: USAGE,
  run: async (args, io) => {
    const { values, words } = readArgs(args, OPTIONS, ['ID']);
    const api = createApi(findService(io.config, values));
    const verification = await verifyConnection(api, words.ID, values.probe === true);
    const { ok, checks } = verification;
    if (values.json === true) io.say(JSON.stringify(verification));
    else {
      const lines = checkLines(checks, io.screen?.columns() ?? null);
      io.say([...lines, '', `${sumOf(checks)}.`].join('\n'));
    }
    return ok ? 0 : 1;
  },
};
