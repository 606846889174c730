// A real browser, headless, in which whatever a page complains of is a failure: a blocked resource (the content security
// policy), an error of its script, an answer of 500.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { AxeResults } from "axe-core";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { devToken } from "../../../scripts/dev-token.ts";
import { secrets } from "./secrets.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const PATIENCE_MS = 20_000;
const AXE = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** A user at a browser of their own. */
export class Visitor {
  readonly page: Page;
  /** What the pages complained of so far. */
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;
  readonly #origin: string;

  private constructor(context: BrowserContext, page: Page, origin: string) {
    this.#context = context;
    this.page = page;
    this.#origin = origin;
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("dialog", (dialog) => {
      this.complaints.push(`${page.url()}: a dialog, ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("pageerror", (error) => this.complaints.push(`${page.url()}: ${error.message}`));
    page.on("console", (message) => {
      // A browser reports each answer of 400 and more as an error of the page; a 4xx is said to the visitor.
      const text = message.text();
      if (message.type() !== "error" && message.type() !== "warning") return;
      if (!/^Failed to load resource: .* status of 4\d\d /.test(text))
        this.complaints.push(`${page.url()}: ${text}`);
    });
  }

  static async of(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({ baseURL: origin, ...options });
    return new Visitor(context, await context.newPage(), origin);
  }

  /** Pastes a token with this scope into the sign-in page. */
  async signIn(sub: string, scope = "operator"): Promise<void> {
    const token = await devToken({ sub, scope, expiresSeconds: 600, claims: {} });
    secrets.addToken(token);
    await this.page.goto("/console");
    await this.page.getByLabel("Token").fill(token);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  async open(path: string): Promise<void> {
    await this.page.goto(path);
  }

  /** Follows a link of the navigation. */
  async goTo(section: string): Promise<void> {
    await this.page
      .getByRole("navigation", { name: "Sections" })
      .getByRole("link", { name: section })
      .click();
    await this.page.getByRole("heading", { level: 1, name: section }).waitFor();
  }

  async press(button: string): Promise<void> {
    await this.page.getByRole("button", { name: button, exact: true }).click();
  }

  /** The words of the page, as a user reads it. */
  text(): Promise<string> {
    return this.page.locator("main").innerText();
  }

  /** How much wider the page is than the window. */
  overflow(): Promise<number> {
    return this.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  }

  /** What axe finds on the page, what it cannot decide ("needs review") included: each rule with the place. */
  async barriers(): Promise<string[]> {
    await this.page.evaluate(AXE);
    const { violations, incomplete } = await this.page.evaluate<AxeResults>("axe.run(document)");
    return [...violations, ...incomplete].flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`),
    );
  }

  get path(): string {
    return this.page.url().replace(this.#origin, "");
  }

  close(): Promise<void> {
    return this.#context.close();
  }
}
