// Where an org may be called: over https, and over http on the loopback address only, where the
// simulator lives. Which hosts look like Okta is for others to judge, where a name leads for
// `address-guard.ts`.

/**
 * The origin in its normal form, without a trailing slash: the audience of an assertion must equal the
 * URL called to the letter. Null for what may not be called.
 *
 * @param allowLoopback whether there may be a simulator
 */
export function callableOrigin(text: string, allowLoopback: boolean): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return null;
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return null;
  if (url.protocol === 'https:') return url.origin;
  const isSimulator = allowLoopback && url.protocol === 'http:' && isLoopback(url.hostname);
  return isSimulator ? url.origin : null;
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname);
}
