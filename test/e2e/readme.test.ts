import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClients, type Clients } from '../../src/demo/clients.js';
import { freePorts, removeHome, type Ports } from '../../src/demo/installation.js';
import { eventually } from '../support/eventually.js';

const run = promisify(execFile);
const checkout = fileURLToPath(new URL('../../', import.meta.url));
const readme = await readFile(join(checkout, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block ?? '');
const LOGIN = 'ada@example.com';

let home: string;
let ports: Ports;
let start: ChildProcess;
let clients: Clients;
let output = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'tenure-readme-'));
  ports = await freePorts();
  start = spawn('npm', ['start'], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      TENURE_HOME: home,
      TENURE_API_PORT: String(ports.api),
      TENURE_TEMPORAL_PORT: String(ports.temporal),
      TENURE_TEMPORAL_UI_PORT: String(ports.temporalUi),
      TENURE_SIMULATOR_PORT: String(ports.simulator),
    },
  });
  for (const stream of [start.stdout, start.stderr]) {
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  }
  await eventually('Tenure is ready', () => output.includes('Tenure is ready'), 60_000);
  clients = createClients({
    runtime: {
      api: `http://127.0.0.1:${ports.api}`,
      simulator: `http://127.0.0.1:${ports.simulator}`,
    },
    key: (await readFile(join(home, 'admin.key'), 'utf8')).trim(),
  });
}, 120_000);
afterAll(async () => {
  start.kill('SIGTERM');
  await once(start, 'exit');
  await removeHome(home);
});

/** As a reader would type it, on this installation's ports and home. */
function here(block: string): string {
  return block
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${ports.api}`)
    .replaceAll('127.0.0.1:8090', `127.0.0.1:${ports.simulator}`)
    .replaceAll('.tenure/', `${home}/`);
}

describe('the README', () => {
  it('has its story, command by command', async () => {
    const story = blocks.filter((block) => block.includes('curl'));
    expect(story).toHaveLength(3);
    const [hire = '', leave = '', undo = ''] = story.map(here);
    const shell = async (script: string) => (await run('bash', ['-euc', script])).stdout;
    const key = hire.split('\n')[0] ?? '';

    const hired = JSON.parse(await shell(hire)) as { id: string; kind: string };
    expect(hired.kind).toBe('onboarding');
    await eventually('hired', async () => (await clients.run(hired.id)).phase === 'completed');

    const printed = await shell(`${key}\n${leave}\necho\necho "RUN=$RUN"`);
    const left = /RUN=(\S+)/.exec(printed)?.[1] ?? '';
    expect(left).not.toBe('');
    await eventually('suspended', async () => (await clients.run(left)).phase === 'holding');
    expect((await clients.usersInOkta(LOGIN)).map(({ status }) => status)).toEqual(['SUSPENDED']);

    await shell(`${key}\nRUN=${left}\n${undo}`);
    await eventually('undone', async () => (await clients.run(left)).phase === 'cancelled');
    expect((await clients.usersInOkta(LOGIN)).map(({ status }) => status)).toEqual(['ACTIVE']);
  });

  it('has its commands for a terminal', async () => {
    const [block = ''] = blocks.filter((text) => text.includes('tenure -- onboard'));
    const env = { ...process.env, TENURE_HOME: home };
    const { stdout } = await run('bash', ['-euc', block], { cwd: checkout, env });
    expect(stdout).toContain('completed: done');
    expect(stdout).toMatch(/scheduled +out +grace@example\.com/);
    expect(await clients.usersInOkta('grace@example.com')).toHaveLength(1);
  }, 60_000);

  it('prints the addresses, and serves the documentation that it names', async () => {
    expect(output).toContain(`http://127.0.0.1:${ports.api}`);
    const docs = await fetch(`http://127.0.0.1:${ports.api}/docs`);
    expect(docs.status).toBe(200);
  });

  it('tells the demo, which finds everything as it should be', async () => {
    const { stdout } = await run('npm', ['run', 'demo'], { cwd: checkout, timeout: 120_000 });
    expect(stdout).toContain('All of it is as it should be.');
  }, 130_000);

  it('names only commands that there are, and variables that are read', async () => {
    const { scripts } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...readme.matchAll(/npm (?:run )?([a-z][a-z:-]*)/g)].map(
      ([, name]) => name ?? '',
    );
    const known = Object.keys(scripts);
    expect(named.filter((name) => !known.includes(name) && name !== 'comes')).toEqual([]);

    const config = await readFile(join(checkout, 'src/config.ts'), 'utf8');
    const variables = new Set(readme.match(/\b(?:TENURE_|DATABASE_|TEMPORAL_)[A-Z_]+\b/g));
    const read = new Set(config.match(/\b(?:TENURE_|DATABASE_|TEMPORAL_)[A-Z_]+\b/g));
    const problemCodes = ['TEMPORAL_UNAVAILABLE'];
    expect(
      [...variables].filter((name) => !read.has(name) && !problemCodes.includes(name)),
    ).toEqual([]);
    expect([...read].filter((name) => !variables.has(name))).toEqual([]);
  });
});
