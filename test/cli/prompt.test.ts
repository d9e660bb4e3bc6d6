import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { CliProblem, Left } from '../../src/cli/command.js';
import { openPrompt } from '../../src/cli/prompt.js';

/** A terminal: keys go in, and what it shows comes out. */
function startTerminal(output = { isTTY: true, columns: 80 }) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const stdout = Object.assign(new PassThrough(), output);
  const leave = new AbortController();
  let shown = '';
  stdout.on('data', (chunk: Buffer) => (shown += chunk.toString('utf8')));
  return {
    leave,
    prompt: openPrompt(stdin, stdout, leave),
    type: (text: string) => stdin.write(text),
    shown: () => shown,
  };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

describe('a prompt at a terminal', () => {
  it('shows what is typed, and takes what stands there at Enter', async () => {
    const { prompt, type, shown } = startTerminal();
    const answer = prompt.ask('Domain:');
    type(' acme.okta.com \r');
    expect(await answer).toBe('acme.okta.com');
    expect(shown()).toContain('Domain:');
    expect(shown()).toContain('acme.okta.com');
    prompt.close();
  });

  it('shows nothing of a key that is pasted, takes all of its lines, and does not recall it', async () => {
    const { prompt, type, shown } = startTerminal();
    const key = prompt.askHidden('Paste it:', (text) => text.includes('END'));
    type('canary-1\rcanary-2\rEND\r');
    expect(await key).toBe('canary-1\ncanary-2\nEND\n');
    const next = prompt.ask('Next:');
    type('\x1b[A\x1b[Ashown\r');
    expect(await next).toBe('shown');
    expect(shown()).not.toContain('canary');
    expect(shown()).toContain('shown');
    prompt.close();
  });

  it('does not ask for a key where the terminal would show it: output goes elsewhere', async () => {
    const { prompt, type, shown } = startTerminal({ isTTY: false, columns: 0 });
    type('canary\n');
    const key = prompt.askHidden('Paste it:', () => true);
    await expect(key).rejects.toThrow(CliProblem);
    await expect(key).rejects.toThrow(/name the file/);
    await expect(key).rejects.toMatchObject({ exitCode: 2 });
    expect(shown()).toBe('');
    prompt.close();
  });

  it('takes nothing for an answer that was typed before the question', async () => {
    const { prompt, type } = startTerminal();
    const first = prompt.ask('First:');
    type('one\rtoo early\r');
    expect(await first).toBe('one');
    await tick();
    const second = prompt.ask('Second:');
    type('two\r');
    expect(await second).toBe('two');
    prompt.close();
  });

  it('is left by Ctrl-C, which everything else hears, too', async () => {
    const { prompt, type, leave } = startTerminal();
    const answer = prompt.ask('Domain:');
    type('\x03');
    await expect(answer).rejects.toThrow(Left);
    expect(leave.signal.aborted).toBe(true);
    await expect(prompt.ask('Again:')).rejects.toThrow(Left);
  });

  it('is left at the end of input', async () => {
    const { prompt, type } = startTerminal();
    const answer = prompt.ask('Domain:');
    type('\x04');
    await expect(answer).rejects.toThrow(Left);
  });
});
