// The frame of every page.
import type { Child, PropsWithChildren } from "hono/jsx";
import type { JSX } from "hono/jsx/jsx-runtime";
import { Notice } from "./components.tsx";
import type { Flash } from "./flash.ts";
import { ERRORS, ROOT } from "./links.ts";
import type { Given } from "./parameters.ts";

// Drawn here: no file and no host is asked for them. All are decoration beside a word.
const PATHS = {
  pulse: "M2 13V9m4 4V3m4 10V7m4 6V5",
  alert: "M8 2.5 14.25 13.5H1.75ZM8 6.5v3.25m0 1.5v.25",
  list: "M2.5 4h11M2.5 8h11M2.5 12h7",
  person: "M8 8a2.75 2.75 0 1 0 0-5.5A2.75 2.75 0 0 0 8 8Zm-5 5.5c.6-2.3 2.6-3.5 5-3.5s4.4 1.2 5 3.5",
  envelope: "M2 4h12v8.5H2zM2.5 4.5 8 9l5.5-4.5",
  target: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Zm0-3.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  book: "M3 2.5h8.5A1.5 1.5 0 0 1 13 4v9.5H4.5A1.5 1.5 0 0 1 3 12zM5.5 5.5h5M5.5 8h5",
  theme: "M13.5 9.5A5.75 5.75 0 0 1 6.5 2.5a5.75 5.75 0 1 0 7 7Z",
} as const;

const PEN = {
  fill: "none",
  stroke: "currentColor",
  "stroke-linecap": "round",
  "stroke-linejoin": "round",
} as const;

type IconName = keyof typeof PATHS;

/** What every page is told beside what it shows. */
export type Frame = {
  /** Null: no operator is signed in. */
  operator: string | null;
  /** Where one signs out; null where Cloudflare Access does that. */
  signOutAt: string | null;
  nowMs: number;
  flash: Flash | null;
};

export type Section = "overview" | "errors" | "runs" | "users" | "dead-letters" | "destinations" | "audit";

const SECTIONS: readonly { section: Section; title: string; path: string; icon: IconName }[] = [
  { section: "overview", title: "Overview", path: ROOT, icon: "pulse" },
  { section: "errors", title: "Errors", path: ERRORS, icon: "alert" },
  { section: "runs", title: "Runs", path: `${ROOT}/runs`, icon: "list" },
  { section: "users", title: "Users", path: `${ROOT}/users`, icon: "person" },
  { section: "dead-letters", title: "Dead letters", path: `${ROOT}/dead-letters`, icon: "envelope" },
  { section: "destinations", title: "Destinations", path: `${ROOT}/destinations`, icon: "target" },
  { section: "audit", title: "Audit trail", path: `${ROOT}/audit`, icon: "book" },
];

/** What a page is drawn from; one with a search form also from what was filled in, and what is wrong with it. */
export type PageProps<V> = { frame: Frame; view: V };
export type SearchPageProps<V> = PageProps<V> & { given: Given; fault: string | null };

type LayoutProps = PropsWithChildren<{
  title: string;
  frame: Frame;
  section: Section;
  /** Above the page; the title, where it says nothing else. */
  heading?: Child;
  lead: Child;
  /** What can be done on the page, beside its heading. */
  actions?: Child;
  /** Without scripts the page is loaded again after so many seconds. */
  refreshSeconds?: number | null;
  /** With scripts it is refreshed in place, every ten seconds, and without them every half minute. */
  isLive?: boolean;
}>;

const LIVE_SECONDS = 30;

export function Layout(props: LayoutProps): JSX.Element {
  const { title, frame, section, heading = title, lead, actions, isLive = false, children } = props;
  const { refreshSeconds = isLive ? LIVE_SECONDS : null } = props;
  return (
    <Document title={title} refreshSeconds={refreshSeconds}>
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
          <div class="heading">
            <div>
              <h1>{heading}</h1>
              <p class="lead">{lead}</p>
            </div>
            {actions}
          </div>
          {isLive && <Refresh />}
          {children}
          <footer class="foot">All times are UTC.</footer>
        </main>
      </div>
    </Document>
  );
}

type BareLayoutProps = PropsWithChildren<{ title: string; frame: Frame }>;

/** The script shows it, and says when it cannot refresh the page. */
function Refresh(): JSX.Element {
  return (
    <div class="refresh">
      <button class="button quiet" type="button" hidden data-refresh aria-pressed="false">
        Pause updates
      </button>
      <span role="status" data-refreshed />
      <noscript>This page loads itself again every half minute.</noscript>
    </div>
  );
}

/** A page without navigation: for a visitor who is not signed in, and for errors. */
export function BareLayout({ title, frame, children }: BareLayoutProps): JSX.Element {
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

/** Its icon has a margin: it stands on a ground of its own. */
function Brand(): JSX.Element {
  return (
    <a class="brand" href={ROOT}>
      <svg viewBox="-4 -4 24 24" width="24" height="24" stroke-width="1.75" {...PEN} aria-hidden="true">
        <path d="M2.5 8h4l2-4.5 2.5 9 1.5-4.5h1" />
      </svg>
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

/** Shown by the script, which alone can store the choice. */
function ThemeButton(): JSX.Element {
  return (
    <button class="button quiet" type="button" hidden data-theme-toggle aria-label="Dark theme">
      <Icon name="theme" />
    </button>
  );
}

function FlashLine({ flash }: { flash: Flash | null }): JSX.Element | null {
  return flash && <Notice tone={flash.tone}>{flash.text}</Notice>;
}

function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" stroke-width="1.5" {...PEN} aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
