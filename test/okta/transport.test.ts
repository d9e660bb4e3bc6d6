// Over real sockets of a server on the loopback address: what only shows there.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { as, type OktaGroupId, type OktaUserId } from '../../src/domain/brand.js';
import { ADA, errorOf, socketBench } from './support.js';

const GROUP = as<OktaGroupId>('00g1');
const USER = as<OktaUserId>(ADA.id);

function answerJson(response: ServerResponse, json: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
}

/** Answers the first requests one way each, the others with Ada. */
function inTurn(...ways: ((request: IncomingMessage, response: ServerResponse) => void)[]): {
  listener: (request: IncomingMessage, response: ServerResponse) => void;
  lines: string[];
} {
  const lines: string[] = [];
  return {
    lines,
    listener: (request, response) => {
      lines.push(`${request.method ?? ''} ${request.url ?? ''}`);
      const way = ways[lines.length - 1];
      if (way === undefined) answerJson(response, ADA);
      else way(request, response);
    },
  };
}

const reset = (request: IncomingMessage): void => {
  request.socket.resetAndDestroy();
};
const closeHalfway = (_: IncomingMessage, response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"id":');
  setImmediate(() => response.destroy());
};
const silence = (): void => undefined;

describe('a request', () => {
  it.each([
    ['POST', (okta: Okta) => okta.suspendUser(USER)],
    ['PUT', (okta: Okta) => okta.addToGroup(GROUP, USER)],
  ])('without a body says so in its length: %s', async (method, act) => {
    const seen: IncomingMessage[] = [];
    const { okta } = await socketBench((request, response) => {
      seen.push(request);
      response.writeHead(204).end();
    });
    await act(okta);
    expect(seen[0]?.method).toBe(method);
    expect(seen[0]?.headers).toMatchObject({
      'content-length': '0',
      accept: 'application/json',
      'user-agent': 'tenure',
      authorization: 'Bearer cached-token',
    });
    expect(seen[0]?.headers['transfer-encoding']).toBeUndefined();
  });

  it('leaves its connection to the next', async () => {
    const ports = new Set<number | undefined>();
    const { okta } = await socketBench((request, response) => {
      ports.add(request.socket.remotePort);
      answerJson(response, ADA);
    });
    for (let n = 0; n < 10; n += 1) await okta.getUser(USER);
    // Two, since an answer is there a moment before its connection is free again.
    expect(ports.size).toBeLessThanOrEqual(2);
  });

  it('waits for its turn where eight are under way', async () => {
    let now = 0;
    let most = 0;
    const { okta } = await socketBench((_, response) => {
      now += 1;
      most = Math.max(most, now);
      setImmediate(() => {
        now -= 1;
        answerJson(response, ADA);
      });
    });
    await Promise.all(Array.from({ length: 40 }, () => okta.getUser(USER)));
    expect(most).toBeLessThanOrEqual(8);
    expect(most).toBeGreaterThan(1);
  });

  it('carries letters beyond ASCII, and understands them', async () => {
    let received = '';
    const { okta } = await socketBench((request, response) => {
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => (received += chunk));
      request.on('end', () => {
        answerJson(response, { ...ADA, profile: { firstName: 'Zoë', lastName: '王' } });
      });
    });
    const profile = { login: 'zoe@example.com', firstName: 'Zoë', lastName: '王' };
    const { value } = await okta.createUser({ profile, groupIds: [], activate: true });
    expect(JSON.parse(received)).toEqual({ profile });
    expect(value.profile).toEqual({ firstName: 'Zoë', lastName: '王' });
  });
});

describe('a connection that breaks', () => {
  it.each([
    ['is reset', reset],
    ['ends halfway', closeHalfway],
  ])('costs a read nothing when it %s', async (_, way) => {
    const { listener, lines } = inTurn(way);
    const { okta } = await socketBench(listener);
    expect((await okta.getUser(USER)).value.id).toBe(USER);
    expect(lines).toHaveLength(2);
  });

  it('is tried again once only', async () => {
    const { listener, lines } = inTurn(reset, reset, reset);
    const { okta } = await socketBench(listener);
    const error = await errorOf(okta.getUser(USER));
    expect(error).toMatchObject({
      code: 'OKTA_UNAVAILABLE',
      outcome: 'not-done',
      httpStatus: null,
    });
    expect(lines).toHaveLength(2);
  });

  it.each([
    ['a create', (okta: Okta) => okta.createUser({ profile: {}, groupIds: [], activate: true })],
    ['a suspension', (okta: Okta) => okta.suspendUser(USER)],
    ['a membership', (okta: Okta) => okta.addToGroup(GROUP, USER)],
    ['its removal', (okta: Okta) => okta.removeFromGroup(GROUP, USER)],
  ])('leaves open whether %s was done, and does not do it again', async (_, act) => {
    const { listener, lines } = inTurn(reset);
    const { okta } = await socketBench(listener);
    const error = await errorOf(act(okta));
    expect(error).toMatchObject({ code: 'OKTA_UNAVAILABLE', outcome: 'unknown' });
    expect(lines).toHaveLength(1);
  });

  it('when idle is replaced without the caller noticing', async () => {
    const { listener, lines } = inTurn();
    const { okta, server } = await socketBench(listener);
    await okta.getUser(USER);
    server.closeIdleConnections();
    await okta.getUser(USER);
    expect(lines).toHaveLength(2);
  });

  it('has not done anything where none came about', async () => {
    const { okta, server } = await socketBench(silence);
    await new Promise((resolve) => server.close(resolve));
    const error = await errorOf(okta.suspendUser(USER));
    expect(error).toMatchObject({
      code: 'OKTA_UNAVAILABLE',
      networkCode: 'ECONNREFUSED',
      outcome: 'not-done',
    });
  });

  it('costs a token nothing: a new assertion is sent', async () => {
    const assertions: string[] = [];
    const { okta } = await socketBench((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        assertions.push(new URLSearchParams(body).get('client_assertion') ?? '');
        if (assertions.length === 1) reset(request);
        else answerJson(response, { token_type: 'Bearer', access_token: 't', expires_in: 60 });
      });
    });
    await okta.mintToken({ renew: true });
    expect(assertions).toHaveLength(2);
    expect(assertions[1]).not.toBe(assertions[0]);
  });
});

describe('an answer that takes too long', () => {
  it.each([
    ['a read', (okta: Okta) => okta.getUser(USER), 'not-done'],
    ['a write', (okta: Okta) => okta.suspendUser(USER), 'unknown'],
  ])('is given up: %s', async (_, act, outcome) => {
    const { okta } = await socketBench(silence, { timeoutMs: 50 });
    expect(await errorOf(act(okta))).toMatchObject({ code: 'OKTA_TIMEOUT', outcome });
  });

  it('is given up halfway through its body', async () => {
    const { okta } = await socketBench(
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{"id":');
      },
      { timeoutMs: 50 },
    );
    expect((await errorOf(okta.getUser(USER))).code).toBe('OKTA_TIMEOUT');
  });

  it('leaves its seat to the next', async () => {
    const { listener } = inTurn(silence);
    const { okta } = await socketBench(listener, { timeoutMs: 400, maxConcurrent: 1 });
    await errorOf(okta.getUser(USER));
    expect((await okta.getUser(USER)).value.id).toBe(USER);
  });
});

describe('the caller', () => {
  it('may give up, and gets its own reason back', async () => {
    const caller = new AbortController();
    const reason = new Error('cancelled');
    const { okta } = await socketBench(() => {
      caller.abort(reason);
    });
    await expect(okta.suspendUser(USER, { signal: caller.signal })).rejects.toBe(reason);
  });

  it('may have given up before', async () => {
    const { listener, lines } = inTurn();
    const { okta } = await socketBench(listener);
    const signal = AbortSignal.abort('reason');
    await expect(okta.suspendUser(USER, { signal })).rejects.toBe('reason');
    expect(lines).toEqual([]);
  });

  it('may give up in a queue, and the others go on', async () => {
    const open: ServerResponse[] = [];
    const { okta } = await socketBench((_, response) => open.push(response), { maxConcurrent: 1 });
    const first = okta.getUser(USER);
    const caller = new AbortController();
    const second = okta.getUser(USER, { signal: caller.signal });
    const third = okta.getUser(USER);
    caller.abort(new Error('cancelled'));
    await expect(second).rejects.toThrow('cancelled');
    const answerAll = setInterval(() => {
      for (const response of open.splice(0)) answerJson(response, ADA);
    }, 1);
    await Promise.all([first, third]);
    clearInterval(answerAll);
  });
});

describe('an odd answer', () => {
  it('does not lead elsewhere', async () => {
    const { listener, lines } = inTurn((_, response) =>
      response.writeHead(302, { location: '/api/v1/users/elsewhere' }).end(),
    );
    const { okta } = await socketBench(listener);
    const error = await errorOf(okta.getUser(USER));
    expect(error).toMatchObject({ code: 'OKTA_UNEXPECTED_RESPONSE', httpStatus: 302 });
    expect(lines).toHaveLength(1);
  });

  it('without end is cut off', async () => {
    const { okta } = await socketBench((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const chunk = Buffer.alloc(1024 * 1024, ' ');
      const pour = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    });
    const error = await errorOf(okta.getUser(USER));
    expect(error).toMatchObject({ code: 'OKTA_UNEXPECTED_RESPONSE', shape: 'body: too large' });
  });

  it('that is no HTTP is survived', async () => {
    const { listener } = inTurn((request) => void request.socket.end('nonsense\r\n\r\n'));
    const { okta } = await socketBench(listener);
    expect(await errorOf(okta.suspendUser(USER))).toMatchObject({
      code: 'OKTA_UNAVAILABLE',
      outcome: 'unknown',
    });
  });

  it('with doubled headers is read by the smaller ones', async () => {
    const { okta } = await socketBench((_, response) => {
      response.writeHead(429, [
        ...['date', new Date().toUTCString()],
        ...['x-rate-limit-limit', '600', 'x-rate-limit-limit', '0'],
        ...['x-rate-limit-remaining', '0', 'x-rate-limit-remaining', '0'],
      ]);
      response.end();
    });
    expect(await errorOf(okta.getUser(USER))).toMatchObject({ kind: 'concurrency' });
  });
});

type Okta = Awaited<ReturnType<typeof socketBench>>['okta'];
