// One life of the supervisor process: take the home, end leftovers, check ports, run the parts,
// say when all is ready, stop in order on Ctrl-C or SIGTERM. Which parts is the caller's business.
import { openHome, lockHome, logFile } from './home.js';
import type { Part } from './part.js';
import { requireFreePorts, type PortClaim } from './ports.js';
import { StartProblem } from './problem.js';
import { endLeftovers, openRuntimeFile, type RuntimeFile } from './runtime-file.js';
import { supervise, type SupervisorOptions } from './supervisor.js';
import { openTerminal, type Terminal } from './terminal.js';

export interface Life {
  home: string;
  /** Told to whoever starts a second one on the same home. */
  url: string;
  /** Checked after leftovers are gone and before anything starts. */
  ports: readonly PortClaim[];
  format: 'pretty' | 'json';
  /** Makes keys and the table of parts; runs while the home is ours and its ports are free. */
  parts: (runtime: RuntimeFile, terminal: Terminal) => Promise<readonly Part[]>;
  /** What to say when every part is ready. */
  ready: () => string;
  /** Also stop at the end of standard input. */
  exitWithParent: boolean;
  timing?: SupervisorOptions['timing'];
}

/** npm passes a Ctrl-C on that the terminal sent us already: only a later one is a second one. */
const SAME_KEYSTROKE_MS = 500;
const STILL_STARTING_EVERY_MS = 20_000;

/** Runs until it is told to stop; resolves to the exit code. Problems are said in one sentence. */
export async function runParts(life: Life): Promise<number> {
  const stop = listenForStop(life.exitWithParent);
  try {
    openHome(life.home);
    const lock = lockHome(life.home, life.url);
    try {
      return await live(life, stop);
    } finally {
      lock.release();
    }
  } catch (error) {
    if (!(error instanceof StartProblem)) throw error;
    process.stderr.write(`tenure: ${error.message}\n`);
    return 1;
  }
}

async function live(life: Life, stop: StopRequest): Promise<number> {
  const { home } = life;
  const terminal = openTerminal(home, life.format);
  const ended = await endLeftovers(home);
  if (ended.length > 0) {
    terminal.say(`Ended what an earlier start had left running: ${ended.join(', ')}.`);
  }
  await requireFreePorts(life.ports);
  const runtime = openRuntimeFile(home);
  const supervisor = supervise(await life.parts(runtime, terminal), {
    say: terminal.say,
    onLine: terminal.line,
    onProcess: runtime.setProcess,
    logFile: (part) => logFile(home, part),
    ...(life.timing === undefined ? {} : { timing: life.timing }),
  });
  const waiting = setInterval(() => {
    terminal.say(`Still starting: ${supervisor.waitingFor().join(', ')}; logs are in ${home}/logs`);
  }, STILL_STARTING_EVERY_MS);
  stop.onHurry(supervisor.hurry);
  try {
    const isReady = await Promise.race([
      supervisor.ready.then(() => true),
      stop.requested.then(() => false),
    ]);
    clearInterval(waiting);
    if (isReady) terminal.say(life.ready());
    await stop.requested;
    terminal.say('Stopping …');
  } finally {
    clearInterval(waiting);
    await supervisor.stop();
    runtime.remove();
  }
  terminal.say('Stopped.');
  return 0;
}

interface StopRequest {
  requested: Promise<void>;
  onHurry: (hurry: () => void) => void;
}

function listenForStop(exitWithParent: boolean): StopRequest {
  let hurry: () => void = () => undefined;
  let firstAt: number | undefined;
  const requested = new Promise<void>((resolve) => {
    const request = () => {
      if (firstAt === undefined) {
        firstAt = Date.now();
        resolve();
      } else if (Date.now() - firstAt > SAME_KEYSTROKE_MS) hurry();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, request);
    if (exitWithParent) process.stdin.on('end', request).on('error', request).resume();
  });
  return {
    requested,
    onHurry: (callback) => {
      hurry = callback;
    },
  };
}
