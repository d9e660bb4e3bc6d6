// One set-up at a time: a lock is a directory with its owner's pid in it. A lock whose owner is gone
// is taken over. It guards against a second terminal, not against malice.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const OWNER_WRITTEN_WITHIN_MS = 5_000;

/** Runs `work` while holding the lock; says so once when another process holds it. */
export async function withLock(directory, say, work) {
  mkdirSync(dirname(directory), { recursive: true });
  let said = false;
  while (!take(directory)) {
    const owner = ownerOf(directory);
    if (owner.gone) {
      takeAway(directory, owner.text);
      continue;
    }
    if (!said) say(`Another set-up (process ${owner.pid}) is at work: waiting for it …`);
    said = true;
    await sleep(200);
  }
  const release = () => rmSync(directory, { recursive: true, force: true });
  const releaseAndEnd = (signal) => {
    release();
    process.kill(process.pid, signal);
  };
  const ending = { SIGINT: 'once', SIGTERM: 'once' };
  for (const signal of Object.keys(ending)) process.once(signal, releaseAndEnd);
  process.once('exit', release);
  try {
    return await work();
  } finally {
    for (const signal of Object.keys(ending)) process.off(signal, releaseAndEnd);
    process.off('exit', release);
    release();
  }
}

function take(directory) {
  try {
    mkdirSync(directory);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(
    join(directory, 'owner.json'),
    JSON.stringify({ pid: process.pid, start: startOf(process.pid) }),
  );
  return true;
}

function ownerOf(directory) {
  try {
    const text = readFileSync(join(directory, 'owner.json'), 'utf8');
    const { pid, start } = JSON.parse(text);
    return { pid, text, gone: !alive(pid) || startOf(pid) !== start };
  } catch {
    // Made a moment ago and not yet signed, or its owner died in between.
    const age =
      Date.now() - (statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    return { pid: 'unknown', text: null, gone: age > OWNER_WRITTEN_WITHIN_MS };
  }
}

/** Moves a dead owner's lock aside; if a living one slipped in between, puts it back. */
function takeAway(directory, text) {
  const aside = `${directory}.${process.pid}.stale`;
  try {
    renameSync(directory, aside);
  } catch {
    return;
  }
  const moved = ownerOf(aside);
  if (!moved.gone && moved.text !== text) renameSync(aside, directory);
  else rmSync(aside, { recursive: true, force: true });
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Start ticks since boot on Linux, so that a reused pid is not mistaken for the owner. */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
