// What set-up says while it works, always on standard error: `--json` output of the commands stays
// clean. On a terminal one line counts the seconds; elsewhere a line every 20 seconds.

/** Says one line. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Runs one step that may take a while. `work` gets a function that sets the step's detail, such as
 * how many packages are compiled.
 */
export async function step(title, mayTake, work) {
  const started = Date.now();
  const elapsed = () => clock(Date.now() - started);
  const terminal = process.stderr.isTTY === true;
  let detail = '';
  const line = () => `${title}: ${elapsed()}${detail === '' ? '' : `, ${detail}`}`;
  say(`${title} (${mayTake}) …`);
  const ticking = setInterval(
    () => {
      if (terminal) process.stderr.write(`\r\x1b[2K  ${line()}`);
      else say(`  ${line()}`);
    },
    terminal ? 500 : 20_000,
  );
  try {
    const result = await work((text) => {
      detail = text;
    });
    clearInterval(ticking);
    if (terminal) process.stderr.write('\r\x1b[2K');
    say(`  ${title}: done in ${elapsed()}`);
    return result;
  } catch (error) {
    clearInterval(ticking);
    if (terminal) process.stderr.write('\r\x1b[2K');
    throw error;
  }
}

function clock(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}
