import { describe, expect, it } from 'vitest';
import { keyOfferedSignal } from '../../src/contract/messages.js';
import { eventually } from '../support/eventually.js';
import { activitiesOf } from '../support/history.js';
import { stubActivities } from '../support/stub-activities.js';
import { startHarness } from './harness.js';

describe('the change to a next key', () => {
  it('ends with the first try that Okta takes', async () => {
    const stubs = stubActivities();
    const harness = await startHarness(stubs);
    const { handle } = await harness.adoptKey();
    expect(await handle.result()).toBe('adopted');
    expect(stubs.calls).toEqual(['proveNextKey']);
    await harness.close();
  });

  it('tries a key that is offered meanwhile at once, not after the pause of the one before', async () => {
    let tries = 0;
    const stubs = stubActivities({
      proveNextKey: () => {
        tries += 1;
        return tries === 1 ? Promise.reject(new Error('not yet')) : Promise.resolve('adopted');
      },
    });
    const harness = await startHarness(stubs);
    const { handle } = await harness.adoptKey();
    await eventually('a first try', () => tries === 1);
    await handle.signal(keyOfferedSignal);
    expect(await handle.result()).toBe('adopted');
    // Another activity, not the next attempt of the one before.
    expect(await activitiesOf(handle)).toEqual(['proveNextKey', 'proveNextKey']);
    await harness.close();
  });

  it('is tried again by itself, and can be cancelled', async () => {
    let tries = 0;
    const stubs = stubActivities({
      proveNextKey: () => {
        tries += 1;
        return Promise.reject(new Error('not yet'));
      },
    });
    const harness = await startHarness(stubs);
    const { handle } = await harness.adoptKey();
    await eventually('a second try', () => tries === 2, 30_000);
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    await harness.close();
  }, 60_000);
});
