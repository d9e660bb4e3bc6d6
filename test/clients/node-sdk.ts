// Part of `npm run test:clients`, not of the suite: the SDK is installed by its first run.
import { beforeAll, describe, vi } from 'vitest';
import { connectNodeSdk } from './node-client.js';
import { loadNodeSdk, type NodeSdk } from './node-package.js';
import { tellStory } from './story.js';

describe('the official Node SDK', () => {
  // It would send even calls to the loopback address through a proxy.
  let okta: NodeSdk;
  beforeAll(async () => {
    okta = await loadNodeSdk();
    vi.stubEnv('https_proxy', '');
    vi.stubEnv('HTTPS_PROXY', '');
    return () => vi.unstubAllEnvs();
  }, 120_000);

  tellStory((config) => connectNodeSdk(okta, config), {
    errorType: 'OktaApiError',
    scopeMissing: { type: 'HttpError', status: 403 },
    badGateway: { type: 'HttpError', status: 502 },
    // It takes the refusal for a token and calls with `Bearer undefined`, twice.
    clientRefused: { type: 'OktaApiError', status: 401, errorCode: 'E0000011' },
    retriesUsedUp: { type: 'OktaApiError', status: 429, errorCode: 'E0000047' },
    connectionCut: { type: 'FetchError' },
    repeatsLostAnswers: false,
    renewsToken: true,
  });
});
