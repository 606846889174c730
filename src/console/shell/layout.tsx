// The frame of every page.
import type { Child, PropsWithChildren } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { Flash } from "./flash.ts";
import { BrandIcon, Icon, type IconName } from "./icons.tsx";
import { ROOT } from "./links.ts";

/** What every page is told beside what it shows. */
export type Frame = {
  /** Null: no operator is signed in. */
  operator: string | null;
  /** Where one signs out; null where Cloudflare Access does that. */
  signOutAt: string | null;
  nowMs: number;
  flash: Flash | null;
};

export type Section = "overview" | "runs" | "users" | "dead-letters" | "destinations" | "audit";

const SECTIONS: readonly { section: Section; title: string; path: string; icon: IconName }[] = [
  { section: "overview", title: "Overview", path: ROOT, icon: "pulse" },
  { section: "runs", title: "Runs", path: `${ROOT}/runs`, icon: "list" },
  { section: "users", title: "Users", path: `${ROOT}/users`, icon: "person" },
  { section: "dead-letters", title: "Dead letters", path: `${ROOT}/dead-letters`, icon: "letter" },
  { section: "destinations", title: "Destinations", path: `${ROOT}/destinations`, icon: "target" },
  { section: "audit", title: "Audit trail", path: `${ROOT}/audit`, icon: "book" },
];

type LayoutProps = PropsWithChildren<{
  title: string;
  frame: Frame;
  section: Section | null;
  /** Without scripts the page is loaded again after so many seconds. */
  refreshSeconds?: number | null;
}>;

export function Layout({ title, frame, section, refreshSeconds, children }: LayoutProps): JSX.Element {
  return (
    <Document title={title} refreshSeconds={refreshSeconds ?? null}>
      <a class="skip button primary" href="#main">
        Skip to content
      </a>
      <div class="shell">
        <header class="side">
          <div class="side-inner">
            <Brand />
            <nav aria-label="Sections">
              {SECTIONS.map((each) => (
                <a href={each.path} aria-current={each.section === section ? "page" : undefined}>
                  <Icon name={each.icon} />
                  {each.title}
                </a>
              ))}
            </nav>
            <SideFoot frame={frame} />
          </div>
        </header>
        <main id="main" tabindex={-1}>
          <FlashLine flash={frame.flash} />
          {children}
          <footer class="foot">All times are UTC.</footer>
        </main>
      </div>
    </Document>
  );
}

/** A page without navigation: for a visitor who is not signed in, and for errors. */
export function BareLayout({ title, frame, children }: Omit<LayoutProps, "section">): JSX.Element {
  return (
    <Document title={title} refreshSeconds={null}>
      <main id="main" class="bare">
        <div class="bare-head">
          <Brand />
          <ThemeButton />
        </div>
        <FlashLine flash={frame.flash} />
        {children}
      </main>
    </Document>
  );
}

function Document(props: PropsWithChildren<{ title: string; refreshSeconds: number | null }>): JSX.Element {
  const { title, refreshSeconds, children } = props;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>{`${title} · Edge Actions`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="stylesheet" href={`${ROOT}/assets/console.css`} />
        <link rel="icon" href={`${ROOT}/assets/icon.svg`} type="image/svg+xml" />
        {/* Not deferred: the chosen theme must hold before anything is painted. */}
        <script src={`${ROOT}/assets/console.js`} />
        {refreshSeconds !== null && (
          <noscript>
            <meta http-equiv="refresh" content={String(refreshSeconds)} />
          </noscript>
        )}
      </head>
      <body>{children}</body>
    </html>
  );
}

function Brand(): JSX.Element {
  return (
    <a class="brand" href={ROOT}>
      <BrandIcon />
      <span>Edge Actions</span>
    </a>
  );
}

function SideFoot({ frame: { operator, signOutAt } }: { frame: Frame }): Child {
  return (
    <div class="side-foot">
      {operator !== null && (
        <span class="operator" title={operator}>
          <span class="visually-hidden">Signed in as </span>
          {operator}
        </span>
      )}
      <ThemeButton />
      {signOutAt !== null && (
        <form method="post" action={signOutAt}>
          <button class="button quiet" type="submit">
            Sign out
          </button>
        </form>
      )}
    </div>
  );
}

/** Shown by the script, which alone can remember the choice. */
function ThemeButton(): JSX.Element {
  return (
    <button class="button quiet" type="button" hidden data-theme-toggle aria-label="Dark theme">
      <Icon name="theme" />
    </button>
  );
}

function FlashLine({ flash }: { flash: Flash | null }): JSX.Element | null {
  if (flash === null) return null;
  return (
    <p class={`flash ${flash.tone}`} role="status">
      {flash.text}
    </p>
  );
}
