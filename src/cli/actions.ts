// `tenure cancel`, `reschedule`, `expedite` and `resolve`: what can be asked of an open run.
import { parseArgs } from 'node:util';
import type { RunAnswer } from '../domain/answer.schema.js';
import { createApi } from './api.js';
import type { Command, ExitCode, Io } from './command.js';
import { positionalsOf } from './positionals.js';
import { sayRun } from './say-run.js';
import { findService, SERVICE_OPTIONS, SERVICE_USAGE, type ServiceFlags } from './service.js';

const OPTIONS = {
  ...SERVICE_OPTIONS,
  'requested-by': { type: 'string' },
  reason: { type: 'string' },
} as const;

const COMMON_USAGE = `  --requested-by WHO, --reason WHY     for the record
${SERVICE_USAGE}`;

export const cancelCommand: Command = {
  name: 'cancel',
  summary: 'cancels a run and takes back what it did',
  usage: `npm run tenure -- cancel RUN

Before its deadline nothing has happened in Okta, and nothing will. After it, what the run did is taken
back: a suspended person has access again, an account that was made is suspended.

${COMMON_USAGE}`,
  run: (args, io) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: OPTIONS,
      allowPositionals: true,
    });
    const { RUN } = positionalsOf(positionals, ['RUN']);
    return act(io, values, RUN, 'cancel', {});
  },
};

export const rescheduleCommand: Command = {
  name: 'reschedule',
  summary: 'moves the deadlines of a run',
  usage: `npm run tenure -- reschedule RUN --suspend-at TIME

  --start-at, --ends-at TIME           of an onboarding
  --suspend-at, --deprovision-at TIME  of an offboarding
${COMMON_USAGE}`,
  run: (args, io) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        ...OPTIONS,
        'start-at': { type: 'string' },
        'ends-at': { type: 'string' },
        'suspend-at': { type: 'string' },
        'deprovision-at': { type: 'string' },
      },
      allowPositionals: true,
    });
    const { RUN } = positionalsOf(positionals, ['RUN']);
    return act(io, values, RUN, 'reschedule', {
      startAt: values['start-at'],
      endsAt: values['ends-at'],
      suspendAt: values['suspend-at'],
      deprovisionAt: values['deprovision-at'],
    });
  },
};

export const expediteCommand: Command = {
  name: 'expedite',
  summary: 'has a run do now what it waits for',
  usage: `npm run tenure -- expedite RUN start|suspend|deprovision

${COMMON_USAGE}`,
  run: (args, io) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: OPTIONS,
      allowPositionals: true,
    });
    const { RUN, WHAT: what } = positionalsOf(positionals, ['RUN', 'WHAT']);
    return act(io, values, RUN, 'expedite', { what });
  },
};

export const resolveCommand: Command = {
  name: 'resolve',
  summary: 'decides what a parked run should do',
  usage: `npm run tenure -- resolve RUN DECISION

DECISION is one of those that \`run RUN\` offers, such as retry or abort.

${COMMON_USAGE}`,
  run: (args, io) => {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: OPTIONS,
      allowPositionals: true,
    });
    const { RUN, DECISION: decision } = positionalsOf(positionals, ['RUN', 'DECISION']);
    return act(io, values, RUN, 'resolve', { decision });
  },
};

interface ActionFlags extends ServiceFlags {
  json?: boolean | undefined;
  reason?: string | undefined;
  'requested-by'?: string | undefined;
}

async function act(
  io: Io,
  flags: ActionFlags,
  id: string,
  name: string,
  wanted: Record<string, unknown>,
): Promise<ExitCode> {
  const api = createApi(findService(io.config, flags));
  const { body: run } = await api.post<RunAnswer>(`/v1/runs/${encodeURIComponent(id)}/${name}`, {
    ...wanted,
    reason: flags.reason,
    requestedBy: flags['requested-by'],
  });
  sayRun(io, run, flags.json === true);
  return 0;
}
