// `tenure cancel`, `reschedule`, `expedite` and `resolve`: what can be asked of an open run.
import type { RunAnswer } from '../domain/answer.schema.js';
import { createApi } from './api.js';
import { readArgs } from './arguments.js';
import type { Command } from './command.js';
import { RECORD_OPTIONS, RECORD_USAGE, recordOf } from './record.js';
import { sayRun } from './say-run.js';
import { findService, SERVICE_OPTIONS, SERVICE_USAGE } from './service.js';

interface Action {
  /** Of the command, and of the action in the API. */
  name: string;
  summary: string;
  /** What follows the name, what it means, and the options of this action alone. */
  usage: readonly [synopsis: string, explanation: string, ...options: string[]];
  /** The word that follows the run, and the options, each with the field of the request that takes it. */
  words?: Readonly<Record<string, string>>;
  flags?: Readonly<Record<string, string>>;
}

const ACTIONS: readonly Action[] = [
  {
    name: 'cancel',
    summary: 'cancels a run and takes back what it did',
    usage: [
      'RUN',
      `Before its deadline nothing has happened in Okta, and nothing will. After it, what the run did is taken
back: a suspended person has access again, an account that was made is suspended.`,
    ],
  },
  {
    name: 'reschedule',
    summary: 'moves the deadlines of a run',
    usage: [
      'RUN --suspend-at TIME',
      'A deadline that is left out stays as it is.',
      '  --start-at, --ends-at TIME           of an onboarding',
      '  --suspend-at, --deprovision-at TIME  of an offboarding',
    ],
    flags: {
      'start-at': 'startAt',
      'ends-at': 'endsAt',
      'suspend-at': 'suspendAt',
      'deprovision-at': 'deprovisionAt',
    },
  },
  {
    name: 'expedite',
    summary: 'has a run do now what it waits for',
    usage: ['RUN start|suspend|deprovision', 'The moment that the run waits for comes at once.'],
    words: { WHAT: 'what' },
  },
  {
    name: 'resolve',
    summary: 'decides what a parked run should do',
    usage: [
      'RUN DECISION',
      'DECISION is one of those that `run RUN` offers, such as retry or abort.',
    ],
    words: { DECISION: 'decision' },
  },
];

export const ACTION_COMMANDS: readonly Command[] = ACTIONS.map(commandOf);

function commandOf({ name, summary, usage, words = {}, flags = {} }: Action): Command {
  const [synopsis, explanation, ...ownOptions] = usage;
  const options = {
    ...Object.fromEntries(Object.keys(flags).map((flag) => [flag, { type: 'string' } as const])),
    ...RECORD_OPTIONS,
    ...SERVICE_OPTIONS,
  };
  return {
    name,
    summary,
    usage: [
      `npm run tenure -- ${name} ${synopsis}\n`,
      `${explanation}\n`,
      ...ownOptions,
      RECORD_USAGE,
      SERVICE_USAGE,
    ].join('\n'),
    run: async (args, io) => {
      const given = readArgs(args, options, ['RUN', ...Object.keys(words)]);
      const { values } = given;
      const api = createApi(findService(io.config, values));
      const path = `/v1/runs/${encodeURIComponent(given.words['RUN'] ?? '')}/${name}`;
      const { body: run } = await api.post<RunAnswer>(path, {
        ...renamed(given.words, words),
        ...renamed(values, flags),
        ...recordOf(values),
      });
      sayRun(io, run, values.json === true);
      return 0;
    },
  };
}

/** What was given under one name each, under the other. */
function renamed(
  given: Readonly<Record<string, unknown>>,
  names: Readonly<Record<string, string>>,
) {
  return Object.fromEntries(Object.entries(names).map(([name, field]) => [field, given[name]]));
}
