// What is said after a form was posted. The URL carries a code of this list and nothing else, so that no link can put
// words into the console's mouth.

export type Tone = "good" | "warn" | "bad";

const FLASHES = {
  looked: { tone: "good", text: "The run is being looked at. Reload in a moment to see what came of it." },
  redelivering: { tone: "good", text: "The callback is being sent again. Reload to see the attempt." },
  given_up: { tone: "good", text: "The run has been given up. Its callback is a dead letter now." },
  window_reset: { tone: "good", text: "The window has been reset. The user starts from zero." },
  nothing_selected: { tone: "warn", text: "Nothing was selected, so nothing was sent." },
  not_now: {
    tone: "warn",
    text: "The run has moved on meanwhile, and this cannot be done with it any more.",
  },
  gone: { tone: "warn", text: "There is no such run or user any more." },
  refused: { tone: "bad", text: "This was refused. Nothing has changed." },
  failed: { tone: "bad", text: "It could not be done at the moment. Nothing was lost; try again." },
  token_refused: {
    tone: "bad",
    text: "That token was not accepted. It may have expired, or lack the scope.",
  },
  signed_out: { tone: "good", text: "You are signed out." },
} satisfies Record<string, { tone: Tone; text: string }>;

export type FlashCode = keyof typeof FLASHES;
export type Flash = { tone: Tone; text: string };

export function flashOf(code: string | undefined): Flash | null {
  return code !== undefined && isFlashCode(code) ? FLASHES[code] : null;
}

function isFlashCode(code: string): code is FlashCode {
  return Object.hasOwn(FLASHES, code);
}
