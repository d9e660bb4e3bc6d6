// How long the simulated org itself takes for the calls of one onboarding: the same calls, one after
// the other, by a client that does nothing else.
import { performance } from 'node:perf_hooks';
import { Agent, request } from 'undici';
import { as, type ConnectionId } from '../src/domain/brand.js';
import type { OktaCall } from './cost.js';
import type { Insides } from './installation.js';
import { newPerson } from './onboardings.js';

/**
 * Milliseconds for all of `calls`, `times` times. They are those of one onboarding; the person that is
 * looked up and made is another one each time.
 */
export async function oktaTimes(
  { store, installation }: Insides,
  calls: readonly OktaCall[],
  times: number,
): Promise<number[]> {
  const token = await store.tokens.read(as<ConnectionId>('demo'));
  if (token === null) throw new Error('there is no access token yet');
  const agent = new Agent();
  const repeat = async ({ method, path, query }: OktaCall): Promise<void> => {
    const person = newPerson();
    const isCreate = method === 'POST' && path === '/api/v1/users';
    const isLookUp = decodeURIComponent(path).includes('@');
    const target = isLookUp ? `/api/v1/users/${encodeURIComponent(person.email)}` : path;
    const { statusCode, body } = await request(
      `${installation.runtime.simulator}${target}${query === '' ? '' : `?${query}`}`,
      {
        dispatcher: agent,
        method: method as 'GET' | 'POST',
        headers: {
          authorization: `Bearer ${token.accessToken}`,
          accept: 'application/json',
          'content-type': 'application/json',
        },
        ...(isCreate
          ? { body: JSON.stringify({ profile: { ...person, login: person.email } }) }
          : {}),
      },
    );
    await body.text();
    if (statusCode !== 200 && !(isLookUp && statusCode === 404)) {
      throw new Error(`${statusCode} from ${method} ${path}`);
    }
  };
  const measured: number[] = [];
  try {
    for (let done = 0; done < times; done += 1) {
      const before = performance.now();
      for (const call of calls) await repeat(call);
      measured.push(performance.now() - before);
    }
  } finally {
    await agent.close();
  }
  return measured;
}
