import { vi } from "vitest";

/** The network, for issuers' keys: the URLs that were asked for. */
export function answerKeysWith(respond: () => Response | Promise<Response>): string[] {
  const asked: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation((input) => {
    asked.push(new Request(input).url);
    return Promise.resolve().then(respond);
  });
  return asked;
}
