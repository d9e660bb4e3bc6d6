// The pages that name tests, against the tree: every file is there, and so is every quoted name.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFile(join(checkout, path), 'utf8');

describe.each(['docs/failure-modes.md', 'docs/requirements.md'])('%s', (page) => {
  it('names only files that there are', async () => {
    const named = [...(await read(page)).matchAll(/`((?:test|src|docs|scripts|bench)\/[^`]*)`/g)];
    expect(named.length).toBeGreaterThan(0);
    const paths = named.map(([, path = '']) => path);
    expect(paths.filter((path) => !existsSync(join(checkout, path)))).toEqual([]);
  });

  it('quotes only tests that there are', async () => {
    const quoted = [...(await read(page)).matchAll(/`(test\/[^`]*)` “([^”]*)”/g)];
    const missing: string[] = [];
    for (const [whole, path = '', name = ''] of quoted) {
      if (!(await read(path)).includes(name)) missing.push(whole);
    }
    expect(missing).toEqual([]);
  });

  it('has a test in every row of what it promises', async () => {
    const rows = (await read(page)).split('\n').filter((line) => /^\| .*\|$/.test(line));
    const bodies = rows.filter((row) => !/^\| (You see|Question|Requirement) /.test(row));
    const promises = bodies.filter((row) => !/^\| (-+|[^|]*\?) +\|/.test(row));
    expect(promises.filter((row) => !row.includes('`test/'))).toEqual([]);
  });
});
