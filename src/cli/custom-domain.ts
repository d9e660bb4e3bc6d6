// A domain that Okta did not give may be a slip: whether it is meant is for a person to say.
import { isOktasOwn, readOktaDomain } from '../domain/okta-domain.js';
import type { Prompt } from './command.js';

/**
 * As `customDomain` of a request, left out where nothing needs to be said; asked where it was not said
 * before. What is no domain at all is for the API to say.
 */
export async function customDomainOf(
  prompt: Prompt,
  domain: string,
  before: boolean | undefined,
): Promise<true | undefined> {
  const read = readOktaDomain(domain, { customDomain: true, loopbackAllowed: true });
  if (read.ok && isOktasOwn(read.domain)) return undefined;
  if (before === true) return true;
  if (!read.ok) return undefined;
  const answer = await prompt.ask(
    "That is none of Okta's own domains. Is it your org's custom domain (Customizations > Brands > Domains)? y/N:",
  );
  return /^y/i.test(answer) ? true : undefined;
}
