// What the person at the terminal sees: plain sentences of the supervisor's own, and the parts' log
// lines, made readable or left as JSON. The parts' lines also go to the log files, always as JSON.
import { appendFileSync } from 'node:fs';
import { logFile, rotateLog } from './home.js';

export interface Terminal {
  say: (line: string) => void;
  line: (part: string, line: string) => void;
}

const LINES_BETWEEN_ROTATIONS = 2_000;

/** Writes to standard output and to the log files of `home`. */
export function openTerminal(home: string, format: 'pretty' | 'json'): Terminal {
  const print = (text: string) => {
    process.stdout.write(`${text}\n`);
  };
  // Whoever read our output may be gone; the parts must not suffer for it.
  process.stdout.on('error', () => undefined);
  let lines = 0;
  return {
    say: print,
    line: (part, line) => {
      const file = logFile(home, part);
      if (lines % LINES_BETWEEN_ROTATIONS === 0) rotateLog(file);
      lines += 1;
      appendFileSync(file, `${line}\n`, { mode: 0o600 });
      print(format === 'json' ? line : readable(part, line));
    },
  };
}

/** pino's own numbers; our parts write the words. */
const LEVELS: Record<number, string> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};
const LOUD = new Set(['warn', 'error', 'fatal']);
/** Fields that say nothing to a person who watches. */
const HIDDEN = new Set(['level', 'time', 'pid', 'hostname', 'part', 'msg', 'event']);

/** One log line of pino's as `time level part event message key=value`; other lines as they are. */
export function readable(part: string, line: string): string {
  const log = parsed(line);
  if (log === null) return `${part.padEnd(9)} ${line}`;
  const level = levelWord(log['level']);
  const time = new Date(typeof log['time'] === 'number' ? log['time'] : String(log['time']));
  const fields = Object.entries(log)
    .filter(([key]) => !HIDDEN.has(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const words = [log['event'], log['msg']].filter((word) => typeof word === 'string');
  return [
    Number.isNaN(time.getTime()) ? '' : time.toLocaleTimeString('en-GB'),
    (LOUD.has(level) ? level.toUpperCase() : level).padEnd(5),
    part.padEnd(9),
    ...new Set(words),
    ...fields,
  ].join(' ');
}

function levelWord(level: unknown): string {
  if (typeof level === 'string') return level;
  return typeof level === 'number' ? (LEVELS[level] ?? '') : '';
}

function parsed(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}
