import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTenure, type Tenure } from '../support/tenure.js';

let tenure: Tenure;
beforeAll(async () => {
  tenure = await startTenure();
});
afterAll(() => tenure.close());

const CANARIES = ['Quintessa', 'Marmalade', 'quintessa@example.com'];

describe('what Temporal keeps', () => {
  it('holds no name, address or detail of a person in clear, failures and summaries included', async () => {
    const { body } = await tenure.api('POST', '/v1/onboardings', {
      connection: 'demo',
      person: { firstName: 'Quintessa', lastName: 'Marmalade', email: 'quintessa@example.com' },
      groups: ['Sales', 'No such group as Quintessa'],
    });
    const run = await tenure.until(body.id, 'parked', ({ phase }) => phase === 'parked');
    expect(run.problem?.detail).toContain('Quintessa');

    const temporal = async (...args: string[]): Promise<string> => {
      const { stdout } = await promisify(execFile)(
        inject('temporalCli'),
        [...args, '--address', inject('temporalAddress'), '--output', 'json'],
        { maxBuffer: 64 * 1024 * 1024 },
      );
      return stdout;
    };
    const id = run.temporal.workflowId;
    const history = await temporal('workflow', 'show', '--workflow-id', id);
    const description = await temporal('workflow', 'describe', '--workflow-id', id);
    expect(history).toContain('YmluYXJ5L2VuY3J5cHRlZA=='); // binary/encrypted
    for (const canary of CANARIES) {
      for (const text of [history, description]) {
        expect(text).not.toContain(canary);
        expect(text).not.toContain(Buffer.from(canary).toString('base64').slice(0, -3));
      }
    }
    await tenure.api('POST', `/v1/runs/${run.id}/cancel`, {});
    await tenure.until(run.id, 'cancelled', ({ phase }) => phase === 'cancelled');
  });
});
