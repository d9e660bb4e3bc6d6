// Waits for a started server, or for its end with the reason from its log; no fixed sleeps.
import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { withDeadline } from '../../src/embedded/deadline.js';
import { ended } from '../../src/embedded/guarded-process.js';

/** Resolves when `ready` does; rejects with the log's last lines when the process ends before. */
export async function waitFor(
  child: ChildProcess,
  ready: (signal: AbortSignal) => Promise<void>,
  logFile: string,
  withinMs = 60_000,
): Promise<void> {
  const died = ended(child).then(async (how) => {
    const log = await readFile(logFile, 'utf8').catch(() => '');
    throw new Error(`the server ended (${how}):\n${log.split('\n').slice(-12).join('\n')}`);
  });
  died.catch(() => undefined);
  await withDeadline(new AbortController().signal, withinMs, (signal) =>
    Promise.race([ready(signal), died]),
  );
}
