// `tenure cancel`, `reschedule`, `expedite` and `resolve`: what can be asked of an open run.
import { createApi, type Api } from './api.js';
import { readArgs } from './arguments.js';
import { CliProblem, type Command, type Io } from './command.js';
import { refuseLongPast } from './given-time.js';
import { RECORD_OPTIONS, RECORD_USAGE, recordOf } from './record.js';
import { REF_USAGE, runIdOf } from './run-ref.js';
import { sayRun } from './say-run.js';
import type { SeenRun } from './seen-run.js';
import { findService, SERVICE_OPTIONS, SERVICE_USAGE } from './service.js';
import { askToSuspend, isNow, YES_OPTION, YES_USAGE } from './suspend-now.js';

/** The fields of a request as they stand on the command line; one that was left out is undefined. */
type Fields = Readonly<Record<string, string | undefined>>;

interface Action {
  /** Of the command, and of the action in the API. */
  name: string;
  summary: string;
  /** What follows the name, what it means, and the options of this action alone. */
  usage: readonly [synopsis: string, explanation: string, ...options: string[]];
  /** The word that follows the run, and the options, each with the field of the request that takes it. */
  words?: Readonly<Record<string, string>>;
  flags?: Readonly<Record<string, string>>;
  /** @throws {CliProblem} where nothing is to be sent. */
  check?: (fields: Fields, ref: string, now: number) => void;
  /** Whether the person would be suspended at once: then that is asked about at a terminal. */
  suspendsNow?: (fields: Fields, now: number) => boolean;
}

const ACTIONS: readonly Action[] = [
  {
    name: 'cancel',
    summary: 'cancels a run and takes back what it did',
    usage: [
      'REF',
      `Before its deadline nothing has happened in Okta, and nothing will. After it, what the run did is taken
back: a suspended person has access again, an account that was made is suspended.`,
    ],
  },
  {
    name: 'reschedule',
    summary: 'moves the deadlines of a run',
    usage: [
      'REF --suspend-at TIME',
      'A deadline that is left out stays as it is. A start that is more than 15 minutes past is refused.',
      '  --start-at, --ends-at TIME           of an onboarding',
      '  --suspend-at, --deprovision-at TIME  of an offboarding',
    ],
    flags: {
      'start-at': 'startAt',
      'ends-at': 'endsAt',
      'suspend-at': 'suspendAt',
      'deprovision-at': 'deprovisionAt',
    },
    check: ({ startAt, suspendAt }, ref, now) => {
      const wayOut = (what: string) => `for now: npm run tenure -- expedite ${ref} ${what}`;
      refuseLongPast('start-at', startAt, now, wayOut('start'));
      refuseLongPast('suspend-at', suspendAt, now, wayOut('suspend'));
    },
    suspendsNow: ({ suspendAt }, now) => suspendAt !== undefined && isNow(suspendAt, null, now),
  },
  {
    name: 'expedite',
    summary: 'has a run do now what it waits for',
    usage: ['REF start|suspend|deprovision', 'The moment that the run waits for comes at once.'],
    words: { WHAT: 'what' },
    suspendsNow: ({ what }) => what === 'suspend',
  },
  {
    name: 'resolve',
    summary: 'decides what a parked run should do',
    usage: [
      'REF DECISION',
      `DECISION is one of those that \`run REF\` offers: retry does the step again, abort takes back what the run
did and ends it, leave ends it and leaves everything as it is.`,
      '  --decision DECISION  the same as the word',
    ],
    words: { DECISION: 'decision' },
    flags: { decision: 'decision' },
  },
];

export const ACTION_COMMANDS: readonly Command[] = ACTIONS.map(commandOf);

function commandOf(action: Action): Command {
  const { name, summary, usage, words = {}, flags = {}, check, suspendsNow } = action;
  const [synopsis, explanation, ...ownOptions] = usage;
  const options = {
    ...Object.fromEntries(Object.keys(flags).map((flag) => [flag, { type: 'string' } as const])),
    ...(suspendsNow === undefined ? {} : YES_OPTION),
    ...RECORD_OPTIONS,
    ...SERVICE_OPTIONS,
  };
  return {
    name,
    summary,
    usage: [
      `npm run tenure -- ${name} ${synopsis}\n`,
      `${explanation}\n${REF_USAGE}\n`,
      ...ownOptions,
      ...(suspendsNow === undefined ? [] : [YES_USAGE]),
      RECORD_USAGE,
      SERVICE_USAGE,
    ].join('\n'),
    run: async (args, io) => {
      const given = readArgs(args, options, ['REF'], Object.keys(words));
      const { values } = given;
      const { REF: ref } = given.words;
      const fields = fieldsOf(action, given.words, values as Fields);
      check?.(fields, ref, Date.now());
      const api = createApi(findService(io.config, values));
      const id = await runIdOf(api, ref, true);
      const isAsked = io.isTerminal && !('yes' in values && values.yes === true);
      if (isAsked && suspendsNow?.(fields, Date.now()) === true) await askAbout(io, api, id);
      const path = `/v1/runs/${encodeURIComponent(id)}/${name}`;
      const { body: run } = await api.post<SeenRun>(path, { ...fields, ...recordOf(values) });
      sayRun(io, run, values.json === true);
      return 0;
    },
  };
}

async function askAbout(io: Io, api: Api, id: string): Promise<void> {
  const { person, connection } = await api.get<SeenRun>(`/v1/runs/${encodeURIComponent(id)}`);
  await askToSuspend(io, person.login, connection);
}

/** @throws {CliProblem} where a word is missing, or said twice and differently. */
function fieldsOf({ words = {}, flags = {} }: Action, given: Fields, values: Fields): Fields {
  const byFlag = renamed(values, flags);
  const byWord = renamed(given, words);
  for (const [word, field] of Object.entries(words)) {
    const [said, flagged] = [byWord[field], byFlag[field]];
    if (said === undefined && flagged === undefined) {
      throw new CliProblem(`Name ${word}; see --help.`, 2);
    }
    if (said !== undefined && flagged !== undefined && said !== flagged) {
      throw new CliProblem(`"${said}" or "${flagged}"? Name one ${word}; see --help.`, 2);
    }
    byWord[field] = said ?? flagged;
  }
  return { ...byFlag, ...byWord };
}

/** What was given under one name each, under the other. */
function renamed(given: Fields, names: Readonly<Record<string, string>>) {
  return Object.fromEntries(Object.entries(names).map(([name, field]) => [field, given[name]]));
}
