// Stands between Tenure and the simulated Okta and keeps what only these two may know: access tokens,
// client assertions and proofs of possession. Passes everything on as it came.
import { createServer, request as send, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface RecordingOkta {
  origin: string;
  /** By kind, each once. */
  seen: { tokens: Set<string>; assertions: Set<string>; proofs: Set<string> };
  close: () => Promise<void>;
}

export async function startRecordingOkta(simulatorPort: number): Promise<RecordingOkta> {
  const seen: RecordingOkta['seen'] = {
    tokens: new Set(),
    assertions: new Set(),
    proofs: new Set(),
  };
  const keep = (request: IncomingMessage, body: Buffer, answer: Buffer): void => {
    const { authorization, dpop } = request.headers;
    if (authorization !== undefined) seen.tokens.add(authorization.split(' ')[1] ?? '');
    if (typeof dpop === 'string') seen.proofs.add(dpop);
    if (request.url !== '/oauth2/v1/token') return;
    const assertion = new URLSearchParams(body.toString()).get('client_assertion');
    if (assertion !== null) seen.assertions.add(assertion);
    const { access_token: token } = JSON.parse(answer.toString()) as { access_token?: string };
    if (token !== undefined) seen.tokens.add(token);
  };
  const server = createServer((incoming, outgoing) => {
    const pass = async (): Promise<void> => {
      const { method, url: path, headers } = incoming;
      const body = await buffer(incoming);
      // The Host stays: the simulated org takes its own name from it.
      const onward = send({ host: '127.0.0.1', port: simulatorPort, method, path, headers });
      onward.end(body);
      const [answer] = (await once(onward, 'response')) as [IncomingMessage];
      const content = await buffer(answer);
      keep(incoming, body, content);
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(content);
    };
    pass().catch(() => incoming.socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
