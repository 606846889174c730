/** Of a callback, as `URL.host` gives it: `host:port` where the port is not the scheme's own. Null for what is no URL. */
export function parseHost(url: string | null): string | null {
  return url === null ? null : (URL.parse(url)?.host ?? null);
}
