// GET /.well-known/jwks/{connectionId}.json: the public keys of a connection, for Okta, which has no API
// key. Reads the store only, so that it answers while Temporal is away.
import express from 'express';
import { as, type ConnectionId } from '../domain/brand.js';
import type { ConnectionKeyStore } from '../store/store.js';
import { refuseOthers } from './http.js';
import { Problem } from './problem.js';
import { publishedJwk } from './connection-view.js';

const PATH = '/.well-known/jwks/:connectionId.json';
/** Short, so that a new key is seen before somebody gives up waiting for it. */
const MAX_AGE_SECONDS = 60;

export function keySetRouter(
  connectionKeys: Pick<ConnectionKeyStore, 'published'>,
): express.Router {
  const router = express.Router();
  router.get(PATH, async (req, res) => {
    const id = as<ConnectionId>(req.params.connectionId);
    const keys = await connectionKeys.published(id);
    if (keys === null) throw Problem.notFound('KEY_SET_NOT_FOUND', 'This key set');
    res.setHeader('Cache-Control', `public, max-age=${MAX_AGE_SECONDS}`);
    res.json({ keys: firstOfEachKid(keys.map(publishedJwk)) });
  });
  refuseOthers(router, PATH, ['GET', 'HEAD']);
  return router;
}

/** Okta wants every kid once (OAuth error list, "Error retrieving the client JWKSet"). */
function firstOfEachKid(keys: Record<string, unknown>[]): Record<string, unknown>[] {
  return keys.filter(
    (key, index) => keys.findIndex((other) => other['kid'] === key['kid']) === index,
  );
}
