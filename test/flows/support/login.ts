// Where `npx wrangler login` sends its user: this page lets every user in, and hands out the account's
// token.
import { createServer, type Server } from "node:http";
import { API_TOKEN } from "./account.ts";
import { listening, portOf } from "./environment.ts";

export class LoginPage {
  readonly #server: Server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://login.test");
    if (pathname === "/token") {
      const token = { access_token: API_TOKEN, expires_in: 3600, refresh_token: "another", scope: "" };
      return response.setHeader("content-type", "application/json").end(JSON.stringify(token));
    }
    const back = new URL(searchParams.get("redirect_uri") ?? "");
    back.searchParams.set("code", "a-code");
    back.searchParams.set("state", searchParams.get("state") ?? "");
    return response.writeHead(302, { location: back.href }).end();
  });

  static async open(): Promise<LoginPage> {
    const page = new LoginPage();
    await listening(page.#server);
    return page;
  }

  /** What wrangler must be told to send people here. */
  get environment(): Record<string, string> {
    const url = `http://127.0.0.1:${portOf(this.#server)}`;
    return { WRANGLER_AUTH_URL: `${url}/auth`, WRANGLER_TOKEN_URL: `${url}/token` };
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
