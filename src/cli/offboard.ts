// `tenure offboard LOGIN`: POST /v1/offboardings from a terminal.
import { readArgs } from './arguments.js';
import type { Command } from './command.js';
import { RECORD_OPTIONS, RECORD_USAGE, recordOf } from './record.js';
import { SERVICE_OPTIONS, SERVICE_USAGE } from './service.js';
import { submit } from './submit.js';

const USAGE = `npm run tenure -- offboard LOGIN [--at TIME]

Suspends a person at a moment. Until the undo window ends, \`cancel\` gives her access back. The same
command again finds the run of the first.

  --at TIME            her last day, now where left out: 2027-03-31T17:00[Europe/Berlin] or an instant
  --deprovision-at TIME                deactivate the account then, which cannot be undone
  --undo-window LENGTH                 or: how long it can be undone, such as P14D
  --remove-groups WHICH                direct (those that no rule gives) or all; else she keeps them
  --when-not-suspendable HOW           park or deactivate
  --take-over          an open run of this person becomes this offboarding
  --connection ID      the Okta org, where there are several
${RECORD_USAGE}
  --wait               stay until she is suspended: 0 done, 1 where it ends otherwise or a person must decide
${SERVICE_USAGE}`;

const OPTIONS = {
  ...SERVICE_OPTIONS,
  ...RECORD_OPTIONS,
  at: { type: 'string' },
  'deprovision-at': { type: 'string' },
  'undo-window': { type: 'string' },
  'remove-groups': { type: 'string' },
  'when-not-suspendable': { type: 'string' },
  'take-over': { type: 'boolean' },
  connection: { type: 'string' },
  wait: { type: 'boolean' },
} as const;

export const offboardCommand: Command = {
  name: 'offboard',
  summary: 'takes access away from a person, at a moment, with an undo',
  usage: USAGE,
  run: (args, io) => {
    const { values, words } = readArgs(args, OPTIONS, ['LOGIN']);
    return submit(io, values, '/v1/offboardings', {
      connection: values.connection,
      login: words.LOGIN,
      suspendAt: values.at,
      deprovisionAt: values['deprovision-at'],
      undoWindow: values['undo-window'],
      removeGroups: values['remove-groups'],
      whenNotSuspendable: values['when-not-suspendable'],
      ifOpen: values['take-over'] === true ? 'takeover' : undefined,
      ...recordOf(values),
    });
  },
};
