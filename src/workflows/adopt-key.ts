// Brings a connection's next key into use: tries it until Okta takes it, somebody offers another one, or
// it is gone. Which key that is stands in the store and never here.
import { CancellationScope, condition, isCancellation, setHandler } from '@temporalio/workflow';
import { keyOfferedSignal } from '../contract/messages.js';
import type { AdoptKeyInput, KeyAdoption } from '../contract/workflows.js';
import { proveNextKey } from './activities.js';

export async function adoptKey(input: AdoptKeyInput): Promise<KeyAdoption> {
  let offers = 0;
  setHandler(keyOfferedSignal, () => {
    offers += 1;
  });
  for (;;) {
    const seen = offers;
    const tries = new CancellationScope();
    const proving = tries.run(() => proveNextKey(input));
    const another = condition(() => offers > seen).then(() => null);
    const adoption = await Promise.race([proving, another]);
    if (adoption !== null && offers === seen) return adoption;
    // Not after the pause that the former key has earned, but now.
    tries.cancel();
    await proving.catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  }
}
