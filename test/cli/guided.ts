// The guide of `tenure connect`, answered line by line against a stub service.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, startStub, type Asked, type Surroundings } from './harness.js';
import type { Org } from './org.js';

/** What makes the connection acme, with a key that Tenure makes. */
export const ANSWERS = ['acme.okta.com', '0oa1', '', 'Europe/Berlin', '1'];

export async function startGuide(org: Org) {
  const stub = await startStub(org.reply);
  const kept = join(stub.env['TENURE_HOME'] ?? '', 'connect.json');
  const guide = (input: string[], more: Surroundings & { args?: string[] } = {}) =>
    run(['connect', ...(more.args ?? [])], { env: stub.env, input, ...more });
  return {
    ...stub,
    guide,
    kept,
    readKept: () => JSON.parse(readFileSync(kept, 'utf8')) as unknown,
  };
}

export const changesIn = (asked: readonly Asked[]) =>
  asked.filter(({ method }) => method === 'PATCH').map(({ body }) => body);
