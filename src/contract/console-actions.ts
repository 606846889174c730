// What operators can do to one run, one user or one host.
import { time, userInPath, userParameters, uuid } from "./console-parameters.ts";
import { post } from "./console-parts.ts";
import { type Entry, inQuery, uuidInPath } from "./parts.ts";
import { MAX_CONTROL_DAYS, MAX_CONTROL_LIMIT, MAX_DISMISSAL_CHARS, MAX_PAUSE_DAYS } from "./search-values.ts";

export function userControls(): Entry[] {
  const inDays = `Ahead of now, ${MAX_CONTROL_DAYS} days at most.`;
  const until = inQuery("until", { ...time, description: inDays }, true);
  const limit = inQuery("limit", { type: "integer", minimum: 1, maximum: MAX_CONTROL_LIMIT }, true);
  const status = "200";
  return [
    post("/users/{user}/block", "blockConsoleUser", "Refuse a user's starts until a moment", {
      parameters: [userInPath, until],
      status,
      description: "Each start and each redelivery of this user is answered 403",
    }),
    post("/users/{user}/limit", "limitConsoleUser", "Set a limit for a user until a moment", {
      parameters: [userInPath, limit, until],
      status,
      description: "It holds in the place of the token's, and also while the flag is off",
    }),
    post("/users/{user}/lift", "liftConsoleUser", "Lift a user's block or limit", {
      parameters: [userInPath],
      status,
      description: "What the user's token says holds again",
    }),
  ];
}

export function hostActions(): Entry[] {
  const host = inQuery("host", { type: "string", description: "Of callbacks." }, true);
  const description = `Ahead of now, ${MAX_PAUSE_DAYS} days at most; an hour if it is left out.`;
  const status = "200";
  return [
    post("/destinations/pause", "pauseConsoleHost", "Let callbacks to a host wait until a moment", {
      parameters: [host, inQuery("until", { ...time, description })],
      status,
      description: "From within 90 seconds on no attempt is made there, and none is used up",
    }),
    post("/destinations/resume", "resumeConsoleHost", "Resume a paused host", {
      parameters: [host],
      status,
      description: "What waits goes out within five minutes",
    }),
  ];
}

export function runActions(): Entry[] {
  const parameters = [uuidInPath("run_id"), ...userParameters()];
  return [
    post("/runs/{run_id}/poll", "pollConsoleRun", "Ask the upstream for a run's end now", {
      parameters,
      description: "The upstream is asked",
    }),
    post("/runs/{run_id}/redeliver", "redeliverConsoleRun", "Send a run's callback again", {
      parameters,
      description: "It is sent again; of an abandoned run the upstream is asked for the end first",
    }),
    post("/runs/{run_id}/abandon", "abandonConsoleRun", "Stop delivering a run's end, or asking for it", {
      parameters,
      status: "200",
      description: "It is a dead letter now",
    }),
    post("/runs/{run_id}/dismiss", "dismissConsoleRun", "Dismiss a dead letter", {
      parameters: [
        ...parameters,
        inQuery("dismissal", { type: "string", maxLength: MAX_DISMISSAL_CHARS, description: "Why." }, true),
      ],
      status: "200",
      description: "It stays a dead letter, and is not listed with the others",
    }),
    post(
      "/users/{user}/open-runs/{run_key}/poll",
      "nameConsoleRun",
      "Name the run of a start that was never answered",
      {
        parameters: [userInPath, uuidInPath("run_key"), inQuery("run_id", uuid, true)],
        description: "The upstream is asked for that run",
      },
    ),
  ];
}
