/**
 * Pages of a list and the `link` headers that lead through them: lower case, one line per link,
 * as clients demand. Lists are in order of ids, so a cursor survives the removal of its item.
 */
import type { Answer, Call } from './call.js';
import { invalidPaging } from './okta-error.js';

interface Paging {
  /** Page size if the caller names none; it appears in the `self` link. */
  readonly defaultLimit: number;
  readonly maxLimit: number;
  /** What precedes the id in a cursor; recorded cursors of plain lists start with a digit. */
  readonly cursorPrefix?: string;
}

/**
 * One page of `items`, which must be sorted by id.
 *
 * @throws OktaError E0000029 if `limit` is no positive number
 */
export function page<T extends { readonly id: string }>(
  call: Call,
  items: readonly T[],
  { defaultLimit, maxLimit, cursorPrefix = '' }: Paging,
  view: (item: T) => unknown,
): Answer {
  const limit = Math.min(requestedLimit(call) ?? defaultLimit, maxLimit);
  const after = call.query.get('after')?.slice(cursorPrefix.length);
  const start = after === undefined ? 0 : items.filter(({ id }) => id <= after).length;
  const shown = items.slice(start, start + limit);
  const links = [link(call, { limit: String(limit) }, 'self')];
  const last = shown.at(-1);
  if (last !== undefined && start + limit < items.length) {
    links.push(link(call, { after: `${cursorPrefix}${last.id}`, limit: String(limit) }, 'next'));
  }
  return { status: 200, body: shown.map(view), headers: { link: links } };
}

/** The first matches of a `q` search, which has no pages. */
export function firstMatches<T>(
  call: Call,
  items: readonly T[],
  defaultLimit: number,
  view: (item: T) => unknown,
): Answer {
  const shown = items.slice(0, requestedLimit(call) ?? defaultLimit);
  return { status: 200, body: shown.map(view), headers: { link: [link(call, {}, 'self')] } };
}

function requestedLimit(call: Call): number | undefined {
  const text = call.query.get('limit');
  if (text === null) return undefined;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1) throw invalidPaging();
  return limit;
}

function link(call: Call, change: Readonly<Record<string, string>>, rel: string): string {
  const query = new URLSearchParams(call.query);
  for (const [name, value] of Object.entries(change)) query.set(name, value);
  const search = query.size === 0 ? '' : `?${query.toString()}`;
  return `<${call.origin}${call.path}${search}>; rel="${rel}"`;
}
