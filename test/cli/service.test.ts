import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { homeOf, KEY, problem, run, startStub, temporaryHome } from './harness.js';

const EMPTY = { body: { items: [] } };

/** An address at which nothing listens. */
async function nowhere(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await once(server.close(), 'close');
  return `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
}

describe('the service', () => {
  it('is what runs on TENURE_HOME, asked with the key of that home', async () => {
    const { env, asked } = await startStub(() => EMPTY);
    expect(await run(['runs'], { env })).toEqual({ exitCode: 0, out: 'No runs.\n', err: '' });
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${KEY}`]);
  });

  it('is what TENURE_PUBLIC_URL names, before what runs on TENURE_HOME', async () => {
    const [here, there] = [await startStub(() => EMPTY), await startStub(() => EMPTY)];
    const env = { ...here.env, TENURE_PUBLIC_URL: there.url };
    expect((await run(['runs'], { env })).exitCode).toBe(0);
    expect([here.asked.length, there.asked.length]).toEqual([0, 1]);
  });

  it('is found where it listens on every address, by the address that it wrote down', async () => {
    const { env, asked } = await startStub(() => EMPTY);
    expect((await run(['runs'], { env: { ...env, TENURE_HOST: '::' } })).exitCode).toBe(0);
    expect(asked).toHaveLength(1);
  });

  it('is what --url names, with a path before the API, and a key that is named', async () => {
    const { url, asked } = await startStub(() => EMPTY);
    const home = temporaryHome();
    const file = join(home, 'other.key');
    writeFileSync(file, 'tnr_other\n');
    const args = ['runs', '--url', `${url}/tenure/`];
    const env = { TENURE_HOME: home };
    expect((await run([...args, '--key-file', file], { env })).exitCode).toBe(0);
    expect((await run(args, { env: { ...env, TENURE_ADMIN_KEY_FILE: file } })).exitCode).toBe(0);
    expect(asked.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/tenure/v1/runs', 'Bearer tnr_other'],
      ['/tenure/v1/runs', 'Bearer tnr_other'],
    ]);
  });

  it('gets the key of TENURE_HOME only where it is the one of that home', async () => {
    const [here, there] = [await startStub(() => EMPTY), await startStub(() => EMPTY)];
    const outcome = await run(['runs', '--url', there.url], { env: here.env });
    expect(outcome.exitCode).toBe(2);
    expect(outcome.err).toContain('--key-file FILE, or TENURE_ADMIN_KEY_FILE');
    expect(there.asked).toEqual([]);
    expect((await run(['runs', '--url', here.url], { env: here.env })).exitCode).toBe(0);
  });

  it('that does not run is a sentence that says how to start it, and 3', async () => {
    const home = temporaryHome();
    const none = await run(['runs'], { env: { TENURE_HOME: home } });
    expect([none.exitCode, none.err.trim().split('\n').length]).toEqual([3, 1]);
    expect(none.err).toContain(`does not run on ${home}: start it with \`npm start\``);

    const env = { TENURE_HOME: homeOf(await nowhere()) };
    const gone = await run(['runs', '--json'], { env });
    expect(gone.exitCode).toBe(3);
    expect(JSON.parse(gone.out)).toEqual({
      error: expect.stringContaining('(ECONNREFUSED): start it with `npm start`') as string,
    });
  });

  it('that is something else is told so, and gets no second try', async () => {
    const { env, asked } = await startStub(() => ({ status: 404, body: '<html>nginx</html>' }));
    const outcome = await run(['runs'], { env });
    expect(outcome.exitCode).toBe(3);
    expect(outcome.err).toContain("is not Tenure's API (status 404)");
    expect(asked).toHaveLength(1);
  });

  it('is not followed elsewhere', async () => {
    const elsewhere = await startStub(() => EMPTY);
    const { env } = await startStub(() => ({
      status: 302,
      headers: { location: `${elsewhere.url}/v1/runs` },
    }));
    expect((await run(['runs'], { env })).exitCode).toBe(3);
    expect(elsewhere.asked).toEqual([]);
  });

  it.each([
    ['with several lines', 'tnr_canary\nof-two-lines'],
    ['with a character that no header takes', 'tnr_canary-é\u2028'],
    ['without content', ''],
  ])('is not asked with a key %s, which nobody sees', async (_what, text) => {
    const { env, url, asked } = await startStub(() => EMPTY);
    const file = join(temporaryHome(), 'admin.key');
    writeFileSync(file, text);
    const outcome = await run(['runs', '--url', url, '--key-file', file], { env });
    expect([outcome.exitCode, outcome.out]).toEqual([2, '']);
    expect(outcome.err).toContain(`${file} holds no API key`);
    expect(outcome.err).not.toContain('canary');
    expect(asked).toEqual([]);
  });

  it.each([
    ['a key file that is not there', ['--key-file', '/nowhere/admin.key'], '(ENOENT)'],
    ['an address that is none', ['--url', 'tenure.example.com'], '--url wants an address'],
  ])('is not asked with %s', async (_what, args, says) => {
    const { env } = await startStub(() => EMPTY);
    const outcome = await run(['runs', ...args], { env });
    expect(outcome.exitCode).toBe(2);
    expect(outcome.err).toContain(says);
  });
});

describe('a request', () => {
  const hire = ['onboard', '--first-name', 'Ada', '--last-name', 'Lovelace', '--email', 'a@b.cd'];

  it('whose answer was lost is sent again under the same Idempotency-Key', async () => {
    const { env, asked } = await startStub(({ method }) =>
      method === 'POST' && asked.length < 3
        ? { cut: true }
        : problem(409, 'RUN_OPEN', 'Another run is open'),
    );
    expect((await run(hire, { env })).exitCode).toBe(1);
    const keys = asked.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });

  it('waits for its own first try, which the API is still at', async () => {
    const { env, asked } = await startStub(() =>
      asked.length < 2
        ? problem(409, 'IDEMPOTENCY_KEY_PENDING', 'That request is being handled')
        : problem(409, 'RUN_OPEN', 'Another run is open'),
    );
    expect((await run(hire, { env })).err).toContain('Another run is open');
    expect(asked).toHaveLength(2);
  });

  it('by the same person again has another Idempotency-Key: the API knows it by what it says', async () => {
    const { env, asked } = await startStub(() => problem(409, 'X', 'No'));
    await run(hire, { env });
    await run(hire, { env });
    expect(new Set(asked.map(({ headers }) => headers['idempotency-key'])).size).toBe(2);
  });

  it('that is wrong is told fault by fault, with its path, and 2', async () => {
    const errors = [
      { path: 'person.email', code: 'INVALID_EMAIL', detail: 'Not an e-mail address' },
      { path: '', code: 'UNKNOWN_FIELD', detail: 'There is no field "x"' },
    ];
    const { env } = await startStub(() =>
      problem(400, 'INVALID', 'The request is not valid', { errors }),
    );
    expect(await run(hire, { env })).toEqual({
      exitCode: 2,
      out: '',
      err: 'The request is not valid.\n  person.email: Not an e-mail address\n  There is no field "x"\n',
    });
    const json = await run([...hire, '--json'], { env });
    expect(json).toMatchObject({ exitCode: 2, err: '' });
    expect(JSON.parse(json.out)).toMatchObject({ code: 'INVALID', problem: { errors } });
  });

  it.each([
    [401, 'UNAUTHENTICATED', 'Name the file of a key'],
    [409, 'CONNECTION_UNVERIFIED', 'npm run tenure -- verify'],
    [503, 'WORKER_UNAVAILABLE', 'request r-1'],
  ])('that is refused with %i %s says what to do', async (status, code, says) => {
    const { env } = await startStub(() => problem(status, code, 'No'));
    const outcome = await run(hire, { env });
    expect(outcome.exitCode).toBe(1);
    expect(outcome.err).toContain('No. No, in detail.');
    expect(outcome.err).toContain(says);
  });

  it('that meets an open run names it', async () => {
    const open = { id: 'demo.0011.22', kind: 'offboarding', phase: 'holding', actions: ['cancel'] };
    const { env } = await startStub(() => problem(409, 'RUN_OPEN', 'Open', { run: open }));
    expect((await run(hire, { env })).err).toContain('npm run tenure -- run demo.0011.22');
  });
});
