// Standard output as a screen of some size.
import type { WriteStream } from 'node:tty';
import type { Screen } from './command.js';

/** Null where it is no terminal, or one without a size, as a pty is before anybody gives it one. */
export function screenOf(
  output: Pick<WriteStream, 'isTTY' | 'columns' | 'rows' | 'write'>,
): Screen | null {
  const hasSize = output.isTTY && output.columns > 0 && output.rows > 0;
  return hasSize
    ? {
        columns: () => output.columns,
        rows: () => output.rows,
        write: (text) => output.write(text),
      }
    : null;
}
