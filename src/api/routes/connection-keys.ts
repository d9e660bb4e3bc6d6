// POST /v1/connections/{id}/keys: a new key pair. The old one signs until the new one is proven by a
// token, which a workflow sees to; where Temporal is away now, the sweep starts it later.
import { keyRequest } from '../../domain/connection.schema.js';
import { assumedKid, readKey } from '../connection-key.js';
import { connectionView } from '../connection-view.js';
import type { AppDeps } from '../deps.js';
import { Faults } from '../faults.js';
import type { Route } from '../route.js';
import { unknownConnection, visibleConnection } from '../visible-connection.js';

const KID_REMEDY = 'send the key again with that kid';

export function connectionKeyRoutes({
  store: { connections, connectionKeys },
  engine,
  log,
  publicUrl,
}: Pick<AppDeps, 'store' | 'engine' | 'log' | 'publicUrl'>): Route[] {
  return [
    {
      method: 'post',
      path: '/v1/connections/:id/keys',
      role: 'admin',
      handle: async (call) => {
        const { id, publicJwk } = await visibleConnection(
          connections,
          call.key,
          call.params['id'] ?? '',
        );
        const faults = new Faults();
        const request = faults.parse(keyRequest, call.body);
        const key = request === null ? null : await readKey(faults, request, '');
        if (key !== null && key.privateJwk['kid'] === publicJwk['kid']) {
          faults.add('', 'DUPLICATE', 'The key that signs now has this key id (kid)');
        }
        faults.throwIfAny();
        if (key === null) throw new Error('a request has no fault and no content');
        const changed = await connectionKeys.offer(id, key.privateJwk);
        if (changed === null) throw unknownConnection(id);
        await engine.adoptKey(id, 'offered').catch((error: unknown) => {
          log.warn({ event: 'connection.key.waits', connection: id, error });
        });
        const body = connectionView(changed, publicUrl, assumedKid(key, KID_REMEDY));
        return { status: 202, resource: id, body };
      },
      replay: async (call, id) => ({
        body: connectionView(await visibleConnection(connections, call.key, id), publicUrl),
      }),
    },
  ];
}
