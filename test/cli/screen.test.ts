import { describe, expect, it } from 'vitest';
import { screenOf } from '../../src/cli/screen.js';

const output = (isTTY: boolean, columns: number, rows: number) => {
  const written: unknown[] = [];
  return { isTTY, columns, rows, written, write: (text: unknown) => written.push(text) > 0 };
};

describe('standard output', () => {
  it('is a screen where it is a terminal, of the size that it has at each moment', () => {
    const terminal = output(true, 80, 24);
    const screen = screenOf(terminal);
    terminal.columns = 100;
    screen?.write('text');
    expect([screen?.columns(), screen?.rows(), terminal.written]).toEqual([100, 24, ['text']]);
  });

  it.each([
    ['is no terminal', output(false, 80, 24)],
    ['has no columns', output(true, 0, 0)],
    ['has no rows', output(true, 80, 0)],
  ])('is none where it %s', (_what, given) => {
    expect(screenOf(given)).toBeNull();
  });
});
