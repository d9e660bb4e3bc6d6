/**
 * An append-only file of changes, one JSON line per commit. A line is handed to the operating
 * system before `append` returns, so it outlives kill -9 of this process; it is not flushed to the
 * disk, so it may not outlive a loss of power. A last line that was cut short is ignored.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** `[kind, id, value]`; `null` stands for "gone". */
export type JournalEntry = readonly [kind: string, id: string, value: unknown];

export class Journal {
  readonly #path: string;
  #file: number | undefined;

  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
  }

  /** Every commit in order. Empty if there is no file yet. */
  *read(): Generator<readonly JournalEntry[]> {
    if (!existsSync(this.#path)) return;
    const lines = readFileSync(this.#path, 'utf8').split('\n');
    // What follows the last line feed is a line that was cut short, or nothing.
    lines.pop();
    for (const line of lines) yield JSON.parse(line) as JournalEntry[];
  }

  append(entries: readonly JournalEntry[]): void {
    this.#file ??= openSync(this.#path, 'a', 0o600);
    writeAll(this.#file, `${JSON.stringify(entries)}\n`);
  }

  /** Replaces the whole file in one step by `entries`. */
  rewrite(entries: Iterable<JournalEntry>): void {
    this.close();
    const draft = `${this.#path}.new`;
    const file = openSync(draft, 'w', 0o600);
    for (const entry of entries) writeAll(file, `${JSON.stringify([entry])}\n`);
    closeSync(file);
    renameSync(draft, this.#path);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) written += writeSync(file, bytes, written);
}
