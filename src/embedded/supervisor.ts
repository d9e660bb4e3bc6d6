// Keeps a table of parts running: starts them in parallel where they allow it, starts one again that
// dies, stops all in order. Knows nothing about what the parts are; see parts.ts.
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { EX_CONFIG } from '../config.js';
import { settlesWithin } from './deadline.js';
import { ended, guard, spawnApart } from './guarded-process.js';
import type { Part } from './part.js';
import { StartProblem } from './problem.js';
import { noteProcess, type ProcessMark } from './process-mark.js';

export interface SupervisorOptions {
  /** One line for the person at the terminal. */
  say: (line: string) => void;
  /** A line that a part with output `lines` wrote. */
  onLine: (part: string, line: string) => void;
  /** Called whenever a part's process starts (its mark) or has ended (null). */
  onProcess: (part: string, process: ProcessMark | null) => void;
  logFile: (part: string) => string;
  timing?: Partial<Timing>;
}

interface Timing {
  /** Wait before a restart: doubled with every death, back to the first after a healthy while. */
  firstDelayMs: number;
  longestDelayMs: number;
  healthyAfterMs: number;
  /** Deaths before a part was ever ready that end the whole start. */
  attemptsToStart: number;
}

const TIMING: Timing = {
  firstDelayMs: 500,
  longestDelayMs: 30_000,
  healthyAfterMs: 30_000,
  attemptsToStart: 5,
};

export interface Supervisor {
  /** Resolves when every part is ready. @throws {StartProblem} when one cannot be started. */
  ready: Promise<void>;
  /** Names of the parts that are not ready now. */
  waitingFor: () => string[];
  /** Stops all, last part first; may be called again. `hurry` cuts every wait short. */
  stop: () => Promise<void>;
  hurry: () => void;
}

const REFUSED = `exit code ${EX_CONFIG}`;

/** Starts the parts; they are stopped in the reverse of this order. */
export function supervise(parts: readonly Part[], options: SupervisorOptions): Supervisor {
  const stopping = new AbortController();
  const hurrying = new AbortController();
  const started = new Map<string, Promise<void>>();
  const keepers: Keeper[] = [];
  for (const part of parts) {
    const before = (part.after ?? []).flatMap((name) => started.get(name) ?? []);
    const keeper = new Keeper(part, options, stopping.signal, hurrying.signal);
    keepers.push(keeper);
    started.set(part.name, keeper.start(Promise.all(before)));
  }
  const ready = Promise.all(started.values()).then(() => undefined);
  for (const promise of [ready, ...started.values()]) promise.catch(() => undefined);
  let stopped: Promise<void> | undefined;
  return {
    ready,
    waitingFor: () => keepers.filter((keeper) => !keeper.isReady).map((keeper) => keeper.name),
    stop: () => {
      stopping.abort();
      stopped ??= stopInOrder(keepers.toReversed());
      return stopped;
    },
    hurry: () => {
      hurrying.abort();
    },
  };
}

async function stopInOrder(keepers: readonly Keeper[]): Promise<void> {
  for (const keeper of keepers) await keeper.stop();
}

/** Keeps one part running. */
class Keeper {
  readonly #part: Part;
  readonly #options: SupervisorOptions;
  readonly #timing: Timing;
  readonly #stopping: AbortSignal;
  readonly #hurrying: AbortSignal;
  isReady = false;
  #everReady = false;
  #child: ChildProcess | undefined;
  #lastLine = '';
  #kept: Promise<void> = Promise.resolve();

  constructor(
    part: Part,
    options: SupervisorOptions,
    stopping: AbortSignal,
    hurrying: AbortSignal,
  ) {
    this.#part = part;
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
    this.#stopping = stopping;
    this.#hurrying = hurrying;
  }

  get name(): string {
    return this.#part.name;
  }

  /** Resolves when the part is ready for the first time; the part is kept running after that. */
  start(before: Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#kept = this.#keep(before, resolve).catch(reject);
    });
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child !== undefined) await this.#end(child);
    await this.#kept;
  }

  async #keep(before: Promise<unknown>, onReady: () => void): Promise<void> {
    await Promise.race([before, aborted(this.#stopping)]);
    let deaths = 0;
    while (!this.#stopping.aborted) {
      const life = await this.#live(() => {
        this.#everReady = true;
        this.isReady = true;
        onReady();
      }).catch((error: unknown) => {
        if (!this.#everReady || !(error instanceof StartProblem)) throw error;
        return { how: error.message, readyForMs: 0 };
      });
      if (this.#isStopping()) return;
      if (!this.#everReady && life.how === REFUSED) {
        throw new StartProblem(`${this.#part.name} does not start: ${reasonIn(this.#lastLine)}`);
      }
      deaths = life.readyForMs >= this.#timing.healthyAfterMs ? 1 : deaths + 1;
      if (!this.#everReady && deaths >= this.#timing.attemptsToStart) {
        throw new StartProblem(
          `${this.#part.name} could not be started, it ended ${deaths} times (${life.how}): see ${this.#options.logFile(this.#part.name)}.`,
        );
      }
      await this.#pause(life.how, deaths);
    }
  }

  /** One life of the process, from what must be done before it to its end. */
  async #live(onReady: () => void): Promise<{ how: string; readyForMs: number }> {
    await this.#part.prepare?.();
    if (this.#stopping.aborted) return { how: 'stopped', readyForMs: 0 };
    const { child, lines } = this.#spawn();
    this.#child = child;
    const noted = child.pid === undefined ? null : noteProcess(child.pid);
    // Null also for one that has ended already: its end is told below, once.
    if (noted !== null) this.#options.onProcess(this.#part.name, noted);
    const over = new AbortController();
    let readyAt = Infinity;
    const { signal } = over;
    const stop = () => {
      over.abort();
    };
    this.#stopping.addEventListener('abort', stop);
    this.#part
      .ready({
        signal,
        line: (text) => lineWith(lines, text, signal),
      })
      .then(
        () => {
          if (signal.aborted) return;
          readyAt = Date.now();
          onReady();
        },
        (error: unknown) => {
          if (!signal.aborted) this.#options.say(`${this.#part.name}: ${String(error)}`);
        },
      );
    const how = await ended(child);
    this.#stopping.removeEventListener('abort', stop);
    stop();
    this.#child = undefined;
    this.isReady = false;
    this.#options.onProcess(this.#part.name, null);
    return { how, readyForMs: Math.max(0, Date.now() - readyAt) };
  }

  #spawn(): { child: ChildProcess; lines: EventEmitter } {
    const { output, name } = this.#part;
    const lines = new EventEmitter();
    const log = output === 'file' ? openSync(this.#options.logFile(name), 'a', 0o600) : null;
    const stdio: StdioOptions = log === null ? 'pipe' : ['ignore', log, log];
    const child = spawnApart(this.#part.command(), stdio);
    if (log !== null) closeSync(log);
    // Without listeners a program that cannot be started, or a closed pipe, would end us.
    child.on('error', (error) => {
      this.#options.say(`${name}: ${error.message}`);
    });
    child.stdin?.on('error', () => undefined);
    guard(child, this.#part.guard);
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        this.#lastLine = line;
        this.#options.onLine(name, line);
        lines.emit('line', line);
      });
    }
    return { child, lines };
  }

  async #pause(how: string, deaths: number): Promise<void> {
    const { firstDelayMs, longestDelayMs } = this.#timing;
    const delay = Math.min(longestDelayMs, firstDelayMs * 2 ** (deaths - 1));
    this.#options.say(
      `${this.#part.name} ended (${how}): starting it again in ${delay / 1000} s; its log is ${this.#options.logFile(this.#part.name)}`,
    );
    await sleep(delay, undefined, { signal: this.#stopping }).catch(() => undefined);
  }

  async #end(child: ChildProcess): Promise<void> {
    const { signal, hurry, withinMs } = this.#part.stop;
    const over = ended(child);
    child.kill(this.#hurrying.aborted ? hurry : signal);
    if (await settlesWithin(over, withinMs, this.#hurrying)) return;
    if (this.#hurrying.aborted) child.kill(hurry);
    if (await settlesWithin(over, 2_000)) return;
    this.#options.say(`${this.#part.name} does not stop: killing it`);
    child.kill('SIGKILL');
    await over;
  }

  // A method, so that the compiler does not take the answer of a moment ago for the answer now.
  #isStopping(): boolean {
    return this.#stopping.aborted;
  }
}

/** What a part's last log line says went wrong; the line itself where it is none. */
function reasonIn(line: string): string {
  try {
    return (JSON.parse(line) as { error?: string }).error ?? line;
  } catch {
    return line;
  }
}

async function lineWith(lines: EventEmitter, text: string, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const see = (line: string) => {
      if (line.includes(text)) resolve();
    };
    lines.on('line', see);
    signal.addEventListener('abort', () => {
      lines.off('line', see);
      resolve();
    });
  });
  signal.throwIfAborted();
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}
