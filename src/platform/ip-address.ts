/** Whether a URL's host is an IP address in place of a name. Cloudflare fetches none, a public one neither. */
export function isIpAddress(hostname: string): boolean {
  return hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
}
