// What is said after a form was posted. The URL carries a code of this list and nothing else, so that no link can put
// words into the console's mouth.

export type Flash = { tone: "good" | "warn"; text: string };

const FLASHES = {
  polled: { tone: "good", text: "The upstream is being asked. Reload in a moment to see what it said." },
  redelivering: { tone: "good", text: "The callback is being sent again. Reload to see the attempt." },
  abandoned: { tone: "good", text: "The run has been abandoned. No more polls or attempts are made." },
  run_hinted: {
    tone: "good",
    text: "The upstream is being asked for that run. Reload in a moment to see whether it knows it.",
  },
  window_reset: { tone: "good", text: "The windows have been reset. The user starts from zero." },
  user_blocked: { tone: "good", text: "The user is blocked. Each start is refused from now on." },
  user_limited: { tone: "good", text: "The limit is set. It holds for the next start." },
  user_lifted: { tone: "good", text: "It is lifted. What the user's token says holds again." },
  host_paused: {
    tone: "good",
    text: "The host is paused. No callback goes there from within 90 seconds on.",
  },
  host_resumed: { tone: "good", text: "The host is resumed. What waits goes out within five minutes." },
  dismissed: { tone: "good", text: "The dead letter has been dismissed. It can still be sent again." },
  no_dismissal: { tone: "warn", text: "No reason was given, so nothing was dismissed." },
  nothing_selected: { tone: "warn", text: "Nothing was selected, so nothing was done." },
  nothing_given: {
    tone: "warn",
    text: "No host, reason, status code or time was given, so nothing was done: everything must be meant.",
  },
  not_now: {
    tone: "warn",
    text: "That cannot be done now: something has changed meanwhile. Nothing has been done.",
  },
} satisfies Record<string, Flash>;

export type FlashCode = keyof typeof FLASHES;

export function findFlash(code: string | undefined): Flash | null {
  return code !== undefined && isFlashCode(code) ? FLASHES[code] : null;
}

function isFlashCode(code: string): code is FlashCode {
  return Object.hasOwn(FLASHES, code);
}
