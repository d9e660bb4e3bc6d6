// Part of `npm run test:clients`, not of the suite: its first build takes minutes.
import { beforeAll, describe } from 'vitest';
import { buildGoClient, connectGoSdk, whyNoGo } from './go-client.js';
import { tellStory } from './story.js';

const BUILD_TIMEOUT_MS = 600_000;

const missing = await whyNoGo();
if (missing !== undefined) {
  process.stderr.write(`The story of the Go SDK is skipped: ${missing}.\n`);
}

describe.skipIf(missing !== undefined)('the official Go SDK', () => {
  let program: string;
  beforeAll(async () => {
    program = await buildGoClient();
  }, BUILD_TIMEOUT_MS);

  tellStory((config) => connectGoSdk(program, config), {
    errorType: '*okta.GenericOpenAPIError',
    scopeMissing: { type: '*okta.GenericOpenAPIError', status: 403 },
    badGateway: { type: '*okta.GenericOpenAPIError', status: 502 },
    // It drops what the token endpoint says.
    clientRefused: { type: '*errors.errorString', message: 'Empty access token' },
    // It drops the last answer.
    retriesUsedUp: { type: '*okta.GenericOpenAPIError', message: 'too many requests' },
    // What the last of its repetitions meets: the first one had done it.
    connectionCut: { type: '*okta.GenericOpenAPIError', status: 400, errorCode: 'E0000001' },
    repeatsLostAnswers: true,
    renewsToken: false,
  });
});
