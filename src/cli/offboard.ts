// `tenure offboard LOGIN`: POST /v1/offboardings from a terminal.
import { readArgs } from './arguments.js';
import { CliProblem, type Command } from './command.js';
import { refuseLongPast } from './given-time.js';
import { RECORD_OPTIONS, RECORD_USAGE, recordOf } from './record.js';
import { SERVICE_OPTIONS, SERVICE_USAGE } from './service.js';
import { submit } from './submit.js';
import { askBeforeOffboarding, YES_OPTION, YES_USAGE } from './suspend-now.js';

const USAGE = `npm run tenure -- offboard LOGIN [--suspend-at TIME]

Suspends a person at a moment. Until the undo window ends, \`cancel\` gives her access back. The same
command again finds the run of the first.

  --suspend-at TIME    her last day, now where left out: 2027-03-31T17:00[Europe/Berlin] or an instant; one
                       that is more than 15 minutes past is refused. --at TIME says the same
  --deprovision-at TIME                deactivate the account then, which cannot be undone
  --undo-window LENGTH                 or: how long it can be undone, such as P14D
  --remove-groups WHICH                direct (those that no rule gives) or all; else she keeps them
  --when-not-suspendable HOW           park or deactivate
  --take-over          an open run of this person becomes this offboarding
  --connection ID      the Okta org, where there are several
${YES_USAGE}
${RECORD_USAGE}
  --wait               stay until she is suspended: 0 done, 1 where it ends otherwise (in part, too) or a
                       person must decide
${SERVICE_USAGE}`;

const PATH = '/v1/offboardings';

const OPTIONS = {
  ...SERVICE_OPTIONS,
  ...RECORD_OPTIONS,
  ...YES_OPTION,
  'suspend-at': { type: 'string' },
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
  run: async (args, io) => {
    const { values, words } = readArgs(args, OPTIONS, ['LOGIN']);
    const at = suspendAtOf(values);
    const request = {
      connection: values.connection,
      login: words.LOGIN,
      suspendAt: at,
      deprovisionAt: values['deprovision-at'],
      undoWindow: values['undo-window'],
      removeGroups: values['remove-groups'],
      whenNotSuspendable: values['when-not-suspendable'],
      ifOpen: values['take-over'] === true ? 'takeover' : undefined,
      ...recordOf(values),
    };
    const wanted = { login: words.LOGIN, at, connection: values.connection };
    return io.isTerminal && values.yes !== true
      ? submit(io, values, PATH, request, (api) => askBeforeOffboarding(io, api, wanted))
      : submit(io, values, PATH, request);
  },
};

/** @throws {CliProblem} */
function suspendAtOf(values: { at?: string; 'suspend-at'?: string }): string | undefined {
  const option = values.at === undefined ? 'suspend-at' : 'at';
  if (option === 'at' && values['suspend-at'] !== undefined) {
    throw new CliProblem('--at and --suspend-at mean the same: give one of them.', 2);
  }
  refuseLongPast(option, values[option], Date.now());
  return values[option];
}
