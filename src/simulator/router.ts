/**
 * Finds the route of a call. Okta tells a path that does not exist from one that does not take the
 * method, so both are answers here.
 */
import type { Route } from './call.js';
import { segments } from './faults.js';

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** @param routes where two paths fit, the earlier route wins */
export function matchRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): Match | 'no such path' | 'no such method' {
  const actual = segments(path);
  const fitting = routes.flatMap((route) => {
    const params = matchPath(route.path.split('/'), actual);
    return params === undefined ? [] : [{ route, params }];
  });
  if (fitting.length === 0) return 'no such path';
  return fitting.find(({ route }) => route.method === method) ?? 'no such method';
}

function matchPath(
  pattern: readonly string[],
  actual: readonly string[],
): Record<string, string> | undefined {
  if (pattern.length !== actual.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = actual[index] ?? '';
    if (part.startsWith(':') && segment !== '') params[part.slice(1)] = segment;
    else if (part !== segment) return undefined;
  }
  return params;
}
