/**
 * Whether fetch() can ask for such a host. WHATWG lets a name have characters in it (`{`, `*`, `;`) that are in no name of
 * a host, and empty labels: `127.1..` is no IPv4 address to it, and may be one to a resolver that drops the dots.
 */
export function isFetchableHost(hostname: string): boolean {
  return /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])$/.test(hostname);
}

export function isFetchable({ hostname, port }: URL): boolean {
  return isFetchableHost(hostname) && port !== "0";
}
