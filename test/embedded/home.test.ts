import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  adminKeyFile,
  lockHome,
  logFile,
  masterKeyFile,
  openHome,
  rotateLog,
} from '../../src/embedded/home.js';

let home: string;
beforeEach(() => {
  home = join(mkdtempSync(join(tmpdir(), 'tenure-home-')), 'home');
  openHome(home);
});
afterEach(() => {
  rmSync(join(home, '..'), { recursive: true, force: true });
});

const mode = (file: string) => statSync(file).mode & 0o777;

describe('the home', () => {
  it('is open to its owner only', () => {
    expect(mode(home)).toBe(0o700);
  });

  it('gets a master key of 32 bytes once', () => {
    const file = masterKeyFile(home, false);
    const key = readFileSync(file, 'utf8');
    expect(Buffer.from(key, 'base64')).toHaveLength(32);
    expect(mode(file)).toBe(0o600);
    expect(readFileSync(masterKeyFile(home, true), 'utf8')).toBe(key);
  });

  it('never makes a new master key for data that exists', () => {
    expect(() => masterKeyFile(home, true)).toThrow(/master key .* is gone: put the key back/);
  });

  it('lets a next master key stand for one that a rekey was killed over', () => {
    writeFileSync(join(home, 'master.key.next'), 'x');
    expect(masterKeyFile(home, true)).toBe(join(home, 'master.key'));
    expect(statSync(join(home, 'master.key'), { throwIfNoEntry: false })).toBeUndefined();
  });

  it('gets an admin key once', () => {
    const file = adminKeyFile(home);
    const key = readFileSync(file, 'utf8');
    expect(key).toMatch(/^tnr_[\w-]{43}\n$/);
    expect(mode(file)).toBe(0o600);
    expect(readFileSync(adminKeyFile(home), 'utf8')).toBe(key);
  });

  it('keeps one older log when a log has grown long', () => {
    const file = logFile(home, 'api');
    writeFileSync(file, 'x'.repeat(10_000_001));
    rotateLog(file);
    expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
    expect(statSync(`${file}.1`).size).toBe(10_000_001);
  });
});

describe('the lock of a home', () => {
  it('is refused while its owner runs, and free after its release', () => {
    const lock = lockHome(home, 'http://one');
    expect(() => lockHome(home, 'http://two')).toThrow(`process ${process.pid}, http://one`);
    lock.release();
    lockHome(home, 'http://two').release();
  });

  it('is taken over from an owner that is gone', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(join(home, 'lock'), JSON.stringify({ pid, mark: 'gone', url: 'http://old' }));
    lockHome(home, 'http://new').release();
  });

  it('is taken over from another process that has the pid of its owner now', () => {
    writeFileSync(join(home, 'lock'), JSON.stringify({ pid: process.pid, mark: 'x', url: 'u' }));
    lockHome(home, 'http://new').release();
  });

  it('is taken over when it cannot be read', () => {
    writeFileSync(join(home, 'lock'), '');
    lockHome(home, 'http://new').release();
  });
});
