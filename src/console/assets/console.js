// @ts-check
// What makes the console nicer where scripts run. Every page works without it, and it draws nothing from stored data
// but text.

const THEME_KEY = "edge-actions.theme";
const POLL_MS = 1000;
const OUTCOME_POLL_MS = 5000;

const root = document.documentElement;
const saved = readTheme();
if (saved !== null) root.style.colorScheme = saved;

addEventListener("DOMContentLoaded", () => {
  offerThemes();
  sayLocalTimes();
  readOutCharts();
  watchSelections();
  followRedelivery();
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
    if (!Number.isNaN(date.getTime())) time.title = `${date.toLocaleString()} your time`;
  }
}

/** What the pointer is on is said below the chart at once; a title alone comes late, and never on a phone. */
function readOutCharts() {
  for (const chart of all("[data-chart]", HTMLElement)) {
    const readout = document.createElement("div");
    readout.className = "readout";
    readout.setAttribute("aria-hidden", "true");
    chart.append(readout);
    for (const bucket of all(".bucket", Element, chart)) {
      const text = bucket.querySelector("title")?.textContent ?? "";
      for (const event of ["pointerenter", "pointerdown"]) {
        bucket.addEventListener(event, () => {
          readout.textContent = text;
        });
      }
    }
    chart.addEventListener("pointerleave", () => {
      readout.textContent = "";
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
