// Follows a run until it is as wished: asks often while something happens, seldom while nothing does,
// and at once when a deadline has come. What is shown is a view's business.
import { setTimeout as sleep } from 'node:timers/promises';
import { isOpen } from '../domain/run.js';
import type { Api } from './api.js';
import { ApiProblem } from './api-problem.js';
import { CliProblem, Left } from './command.js';
import type { SeenRun } from './seen-run.js';

export interface View {
  /** Called at every look, and each second between two; `trouble` says why the last look failed. */
  show: (run: SeenRun, now: number, trouble: string | null) => void;
}

export interface Watched {
  api: Api;
  id: string;
  /** Ctrl-C ends the watch, and nothing else. */
  leaving: AbortSignal;
  view: View;
  isOver: (run: SeenRun) => boolean;
}

const FIRST_PAUSE_MS = 400;
const GREATEST_PAUSE_MS = 5_000;
const GROWTH = 1.5;
/** Between the moment of a deadline and the look at what came of it. */
const AFTER_DEADLINE_MS = 300;
const TICK_MS = 1_000;
/** A service that is away for longer is given up. */
const PATIENCE_MS = 60_000;

/** @throws {Left} on Ctrl-C; {CliProblem} where the run cannot be looked at. */
export async function watch({ api, id, leaving, view, isOver }: Watched): Promise<SeenRun> {
  try {
    let run = await api.get<SeenRun>(`/v1/runs/${encodeURIComponent(id)}`);
    // From now on by its whole id, which goes on to mean this run.
    const path = `/v1/runs/${encodeURIComponent(run.id)}`;
    let pauseMs = FIRST_PAUSE_MS;
    let lostAt: number | null = null;
    let trouble: string | null = null;
    view.show(run, Date.now(), null);
    while (!isOver(run)) {
      const showAgain = () => {
        view.show(run, Date.now(), trouble);
      };
      await pause(Math.min(pauseMs, untilDeadline(run)), showAgain, leaving);
      try {
        const seen = await api.get<SeenRun>(path);
        const isNews = JSON.stringify(seen) !== JSON.stringify(run);
        pauseMs = isNews ? FIRST_PAUSE_MS : Math.min(pauseMs * GROWTH, GREATEST_PAUSE_MS);
        [run, lostAt, trouble] = [seen, null, null];
      } catch (error) {
        if (!isPassing(error)) throw error;
        lostAt ??= Date.now();
        if (Date.now() - lostAt > PATIENCE_MS) throw error;
        trouble = error.message;
        pauseMs = Math.min(pauseMs * GROWTH, GREATEST_PAUSE_MS);
      }
      view.show(run, Date.now(), trouble);
    }
    return run;
  } catch (error) {
    if (!leaving.aborted) throw error;
    throw new Left(`The run goes on by itself. See it again: npm run tenure -- run ${id} --watch`);
  }
}

export function isEnded({ phase }: SeenRun): boolean {
  return !isOpen(phase);
}

/** Waits, and calls `tick` each second of it. @throws where `leaving` is aborted. */
async function pause(ms: number, tick: () => void, leaving: AbortSignal): Promise<void> {
  const until = Date.now() + ms;
  for (;;) {
    const restMs = until - Date.now();
    if (restMs <= 0) return;
    await sleep(Math.min(restMs, TICK_MS), undefined, { signal: leaving });
    tick();
  }
}

function untilDeadline({ waiting }: SeenRun): number {
  const ms = Date.parse(waiting?.until ?? '') - Date.now();
  return ms > 0 ? ms + AFTER_DEADLINE_MS : Infinity;
}

function isPassing(error: unknown): error is CliProblem {
  if (error instanceof ApiProblem) return error.problem.status >= 500;
  return error instanceof CliProblem && error.exitCode === 3;
}
