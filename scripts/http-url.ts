/** Whether an option leads somewhere: to the parser `localhost:8787` is a URL too, of the scheme `localhost`. */
export function isHttpUrl(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? "");
}
