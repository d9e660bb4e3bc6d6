// The `Link` header of a list (RFC 8288), as far as paging needs it: the target of one relation.
// Okta sends several lines or one joined by commas; a target may hold commas itself.

/** The target of the first link with this relation, as it stands; undefined where there is none. */
export function linkTarget(
  header: string | readonly string[] | undefined,
  relation: string,
): string | undefined {
  for (const line of typeof header === 'string' ? [header] : (header ?? [])) {
    for (const [, target, parameters] of line.matchAll(LINK_VALUE)) {
      if (relationsOf(parameters ?? '').includes(relation)) return target;
    }
  }
  return undefined;
}

/** `<target>` and its parameters up to the comma that ends them; a comma in quotes does not. */
const LINK_VALUE = /<([^<>]*)>((?:"(?:[^"\\]|\\.)*"|[^,"])*)/g;

/** A parameter's name and its value, quoted or not. */
const PARAMETER = /;\s*([\w!#$&+\-.^`|~]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))/g;

/** The first `rel` counts (RFC 8288, section 3.3); it may name several relations. */
function relationsOf(parameters: string): string[] {
  for (const [, name, quoted, bare] of parameters.matchAll(PARAMETER)) {
    if (name?.toLowerCase() === 'rel') return (quoted ?? bare ?? '').toLowerCase().split(/\s+/);
  }
  return [];
}
