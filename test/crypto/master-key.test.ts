import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseMasterKey, readMasterKey } from '../../src/crypto/master-key.js';

const KEY = randomBytes(32);

async function keyFile(text: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'tenure-key-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const path = join(dir, 'master.key');
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

describe('the master key', () => {
  it('is read from a file or a value, with or without padding and white space', async () => {
    const base64 = KEY.toString('base64');
    const path = await keyFile(`${base64}\n`);
    expect(await readMasterKey({ kind: 'file', path })).toEqual(KEY);
    expect(await readMasterKey({ kind: 'value', base64 })).toEqual(KEY);
    expect(parseMasterKey(base64.replace('=', ''))).toEqual(KEY);
  });

  it.each([
    ['nothing', ''],
    ['too little', randomBytes(31).toString('base64')],
    ['too much', randomBytes(33).toString('base64')],
    ['hex', KEY.toString('hex')],
    ['something else behind it', `${KEY.toString('base64')}!`],
    ['a passphrase', 'correct horse battery staple correct horse b'],
  ])('is refused when it is %s, without being shown', (_what, text) => {
    expect(() => parseMasterKey(text)).toThrow(
      expect.objectContaining({ code: 'MASTER_KEY_INVALID' }),
    );
    try {
      parseMasterKey(text);
    } catch (error) {
      if (text !== '') expect(String(error)).not.toContain(text);
    }
  });

  it('that is missing is said to be, with its place', async () => {
    await expect(readMasterKey({ kind: 'none' })).rejects.toMatchObject({
      code: 'MASTER_KEY_MISSING',
    });
    const path = join(tmpdir(), 'tenure-no-such.key');
    await expect(readMasterKey({ kind: 'file', path })).rejects.toMatchObject({
      code: 'MASTER_KEY_MISSING',
      message: expect.stringContaining(`${path} cannot be read (ENOENT)`) as string,
    });
  });
});
