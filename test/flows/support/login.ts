// Where `npx wrangler login` sends its user: this page lets every user in, and hands out the account's
// token.
import { API_TOKEN } from "./account.ts";
import { LocalServer } from "./local-server.ts";

export class LoginPage extends LocalServer {
  constructor() {
    super((request, response) => {
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
  }

  /** What wrangler must be told to send people here. */
  get environment(): Record<string, string> {
    return { WRANGLER_AUTH_URL: `${this.url}/auth`, WRANGLER_TOKEN_URL: `${this.url}/token` };
  }
}
