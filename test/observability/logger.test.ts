// What a process writes to its standard output, as a process.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { checkout } from '../support/part.js';

const SECRETS = ['authorization', 'dpop', 'proofKey', 'accessToken', 'privateJwk', 'masterKey'];

async function written(fields: Record<string, unknown>): Promise<Record<string, unknown>> {
  const program = `
    import { createLogger } from './dist/observability/logger.js';
    const log = createLogger({ level: 'info', format: 'json', part: 'test' });
    log.info(${JSON.stringify({ event: 'told', ...fields })});
    await new Promise((resolve) => log.flush(resolve));
  `;
  const args = ['--input-type=module', '-e', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: checkout });
  return JSON.parse(stdout) as Record<string, unknown>;
}

it.each(SECRETS)('writes no %s, at its top or two levels below', async (name) => {
  const hidden = { [name]: '[redacted]' };
  expect(
    await written({ [name]: 's', a: { [name]: 's' }, b: { c: { [name]: 's' } } }),
  ).toMatchObject({ event: 'told', ...hidden, a: hidden, b: { c: hidden } });
});
