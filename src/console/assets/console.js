// @ts-check
// What makes the console nicer where scripts run. Every page works without it. It draws nothing itself from stored data but
// text; a refreshed page is the server's own.

const THEME_KEY = "edge-actions.theme";
const POLL_MS = 1000;
const REFRESH_MS = 10_000;
/** Then the page says that its numbers are old. */
const REFRESH_TIMEOUT_MS = 8_000;
const OUTCOME_POLL_MS = 5000;
/** Of times on the visitor's clock: those of the page are UTC. */
const ZONED = /** @type {const} */ ({ timeZoneName: "short" });

const root = document.documentElement;
const saved = readTheme();
if (saved !== null) root.style.colorScheme = saved;

addEventListener("DOMContentLoaded", () => {
  offerThemes();
  sayLocalTimes();
  readOutCharts();
  watchSelections();
  followRedelivery();
  refreshPage();
});

/** @returns {"light" | "dark" | null} null: as the system has it */
function readTheme() {
  try {
    const theme = localStorage.getItem(THEME_KEY);
    return theme === "light" || theme === "dark" ? theme : null;
  } catch {
    // Storage may be forbidden; then nothing is remembered.
    return null;
  }
}

/** @param {"light" | "dark"} theme */
function keepTheme(theme) {
  root.style.colorScheme = theme;
  try {
    localStorage.setItem(THEME_KEY, theme);
  } catch {
    // As above.
  }
}

function isDark() {
  return (
    (root.style.colorScheme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) ===
    "dark"
  );
}

function offerThemes() {
  for (const button of all("[data-theme-toggle]", HTMLElement)) {
    const update = () => button.setAttribute("aria-pressed", String(isDark()));
    update();
    button.hidden = false;
    button.addEventListener("click", () => {
      keepTheme(isDark() ? "light" : "dark");
      update();
    });
  }
}

/** The page says UTC; pointing at a time shows it on the visitor's own clock. */
function sayLocalTimes() {
  for (const time of all("time[datetime]", HTMLElement)) {
    const date = new Date(time.getAttribute("datetime") ?? "");
    if (!Number.isNaN(date.getTime())) time.title = date.toLocaleString([], ZONED);
  }
}

/** What the pointer is on is said below the chart at once; a title alone comes late, and never on a phone. */
function readOutCharts() {
  for (const type of ["pointerover", "pointerdown"]) {
    document.addEventListener(type, ({ target }) => {
      const pointed = target instanceof Element ? target : null;
      const chart = pointed?.closest("[data-chart]") ?? null;
      for (const readout of all(".readout", HTMLElement))
        if (chart?.contains(readout) !== true) readout.textContent = "";
      const text = pointed?.closest(".bucket")?.querySelector("title")?.textContent;
      const place = chart?.querySelector(".readout");
      if (place && text) place.textContent = text;
    });
  }
}

function watchSelections() {
  for (const form of all("[data-selection]", HTMLFormElement)) {
    const boxes = all("input[name=run_id]", HTMLInputElement, form);
    const buttons = all("[data-needs-selection]", HTMLButtonElement, form);
    const [everyone] = all("[data-select-all]", HTMLInputElement, form);
    const said = form.querySelector("[data-selected-count]");
    const update = () => {
      const chosen = boxes.filter((box) => box.checked).length;
      for (const button of buttons) button.disabled = chosen === 0;
      if (said !== null) said.textContent = chosen === 0 ? "None selected" : `${chosen} selected`;
      if (everyone === undefined) return;
      everyone.checked = chosen === boxes.length;
      everyone.indeterminate = chosen > 0 && chosen < boxes.length;
    };
    form.addEventListener("change", (event) => {
      if (everyone !== undefined && event.target === everyone) {
        for (const box of boxes) box.checked = everyone.checked;
      }
      update();
    });
    if (everyone !== undefined) everyone.hidden = false;
    update();
  }
}

/**
 * Puts the numbers in their places until each run that was sent has its outcome. When all have been sent, and at the end,
 * the page is drawn anew.
 */
function followRedelivery() {
  const [card] = all("[data-redelivery]", HTMLElement);
  const path = card?.dataset["redelivery"];
  if (card === undefined || path === undefined) return;
  const poll = async () => {
    const response = await fetch(path, { headers: { accept: "application/json" } });
    // The session is over.
    if (response.status === 401 || response.status === 403) return location.reload();
    if (!response.ok) throw new Error(`status ${response.status}`);
    const data = await response.json();
    const going = data.dismissal === null ? Math.max(0, data.sent - data.delivered - data.failed) : 0;
    for (const [name, value] of Object.entries({ ...data, going })) {
      const place = typeof value === "number" ? card.querySelector(`[data-value="${name}"]`) : null;
      if (place !== null) place.textContent = value.toLocaleString("en");
    }
    const bar = card.querySelector("progress");
    if (bar !== null && bar.hasAttribute("max")) bar.value = Number(data.examined);
    const isFinished = data.status === "finished";
    if (isFinished && (going === 0 || card.dataset["status"] !== "finished")) return location.reload();
    setTimeout(again, isFinished ? OUTCOME_POLL_MS : POLL_MS);
  };
  // An outage of a moment must not stop it.
  const again = () => void poll().catch(() => setTimeout(again, POLL_MS));
  again();
}

/**
 * Loads the page again every ten seconds and puts what changed in its place, so that focus, scroll position and what is
 * unfolded stay. Not in a hidden tab, and not while it is paused.
 */
function refreshPage() {
  const [button] = all("[data-refresh]", HTMLButtonElement);
  const main = document.querySelector("main");
  if (button === undefined || main === null) return;
  let isPaused = false;
  let isLoading = false;
  let loadedAt = new Date();
  const say = (/** @type {string} */ text) => {
    for (const place of all("[data-refreshed]", HTMLElement)) place.textContent = text;
  };
  const load = async () => {
    const response = await fetch(location.href, { signal: AbortSignal.timeout(REFRESH_TIMEOUT_MS) });
    // The session is over, and the page that it leads to says so.
    if (response.redirected) return location.assign(response.url);
    if (response.status === 401 || response.status === 403) return location.reload();
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("main");
    if (fresh === null || fresh.querySelector("[data-refresh]") === null)
      throw new Error(`status ${response.status}`);
    // It was pressed meanwhile.
    if (isPaused) return;
    syncElement(main, fresh);
    sayLocalTimes();
    loadedAt = new Date();
    say("");
  };
  const refresh = async () => {
    if (isPaused || isLoading || document.hidden) return;
    isLoading = true;
    try {
      await load();
    } catch {
      if (!isPaused)
        say(`Not refreshed since ${loadedAt.toLocaleTimeString([], ZONED)}: these numbers are old.`);
    } finally {
      isLoading = false;
    }
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    isPaused = !isPaused;
    button.setAttribute("aria-pressed", String(isPaused));
    say(isPaused ? `Paused at ${new Date().toLocaleTimeString([], ZONED)}.` : "");
    void refresh();
  });
  document.addEventListener("visibilitychange", () => void refresh());
  setInterval(() => void refresh(), REFRESH_MS);
}

/** What scripts or visitors have changed stays as it is. */
const KEPT = "[data-refresh], [data-refreshed], .readout, input, select";
const KEPT_ATTRIBUTES = ["open", "title"];

/**
 * Makes an element like another one, in place.
 * @param {Element} old
 * @param {Element} fresh
 */
function syncElement(old, fresh) {
  if (old.matches(KEPT)) return;
  for (const name of old.getAttributeNames())
    if (!fresh.hasAttribute(name) && !KEPT_ATTRIBUTES.includes(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes)
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  // A copy: what is new moves over.
  const nodes = Array.from(fresh.childNodes);
  let next = old.firstChild;
  for (const node of nodes) {
    let known = next;
    while (known !== null && !isAlike(known, node)) known = known.nextSibling;
    if (known === null) old.insertBefore(node, next);
    else {
      removeSiblings(next, known);
      if (known instanceof Element && node instanceof Element) syncElement(known, node);
      else if (known.nodeValue !== node.nodeValue) known.nodeValue = node.nodeValue;
      next = known.nextSibling;
    }
  }
  removeSiblings(next, null);
}

/**
 * From one up to another.
 * @param {ChildNode | null} from
 * @param {ChildNode | null} to
 */
function removeSiblings(from, to) {
  for (let node = from; node !== to && node !== null; ) {
    const after = node.nextSibling;
    node.remove();
    node = after;
  }
}

/**
 * @param {Node} a
 * @param {Node} b
 */
function isAlike(a, b) {
  if (a.nodeName !== b.nodeName) return false;
  return (
    !(a instanceof Element && b instanceof Element) || a.getAttribute("class") === b.getAttribute("class")
  );
}

/**
 * @template {Element} T
 * @param {string} selector
 * @param {new () => T} kind
 * @param {ParentNode} scope
 * @returns {T[]}
 */
function all(selector, kind, scope = document) {
  return [...scope.querySelectorAll(selector)].flatMap((element) =>
    element instanceof kind ? [element] : [],
  );
}
