// What the host of an Okta org's address says by itself.

/** Okta's own domains (its SDKs' list and Okta's organization concepts page). */
const ADMIN_HOST =
  /^([a-z0-9-]+)-admin(\.(?:okta|oktapreview|okta-emea|okta-gov|okta-miltest|trexcloud|trex-govcloud)\.com|\.okta\.mil)$/;

/** The org whose admin console `host` is; null for any other host. */
export function orgOfAdminHost(host: string): string | null {
  const parts = ADMIN_HOST.exec(host);
  return parts === null ? null : `${parts[1] ?? ''}${parts[2] ?? ''}`;
}

export function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).hostname : origin;
}
