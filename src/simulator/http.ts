/**
 * Answers as bytes: the header set that Okta sends, lower case as on its wire. `retry-after` is
 * never among them; no recorded answer has it.
 */
import type { ServerResponse } from 'node:http';
import type { Answer } from './call.js';
import { requestId } from './ids.js';
import type { Verdict } from './rate-limit.js';

interface Extras {
  /** The org's clock, epoch milliseconds. */
  readonly now: number;
  readonly verdict?: Pick<Verdict, 'limit' | 'remaining' | 'reset'> | undefined;
}

export function sendAnswer(res: ServerResponse, answer: Answer, { now, verdict }: Extras): void {
  res.statusCode = answer.status;
  res.setHeader('date', new Date(now).toUTCString());
  res.setHeader('server', 'nginx');
  // Recorded 405s have no request id, 429s no cache-control.
  if (answer.status !== 405) res.setHeader('x-okta-request-id', requestId());
  if (verdict !== undefined) {
    res.setHeader('x-rate-limit-limit', String(verdict.limit));
    res.setHeader('x-rate-limit-remaining', String(verdict.remaining));
    res.setHeader('x-rate-limit-reset', String(verdict.reset));
  }
  if (answer.status !== 429) res.setHeader('cache-control', 'no-cache, no-store');
  for (const [name, value] of STANDING) res.setHeader(name, value);
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    res.setHeader(name, typeof value === 'string' ? value : [...value]);
  }
  if (answer.body === undefined) {
    res.end();
    return;
  }
  if (!res.hasHeader('content-type')) res.setHeader('content-type', 'application/json');
  res.write(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  res.end();
}

/** What a load balancer says while nothing behind it answers: no header of Okta's own. */
export function sendBadGateway(res: ServerResponse): void {
  res.statusCode = 502;
  res.setHeader('server', 'awselb/2.0');
  res.setHeader('content-type', 'text/html');
  res.end(
    '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n' +
      '<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n',
  );
}

const STANDING: readonly (readonly [string, string | string[]])[] = [
  ['pragma', 'no-cache'],
  ['expires', '0'],
  ['strict-transport-security', 'max-age=315360000; includeSubDomains'],
  ['x-content-type-options', 'nosniff'],
  ['p3p', 'CP="HONK"'],
  ['x-xss-protection', '0'],
  ['set-cookie', ['sid="";Version=1;Path=/;Max-Age=0', 'autolaunch_triggered=""; Path=/']],
];
