import { describe, expect, it } from "vitest";
import {
  findOption,
  isPort,
  listOption,
  parseStartOptions,
  parseVars,
  toOrigin,
} from "../../scripts/start/options.ts";

describe("the options of npm start", () => {
  it("keep --verbose, and hand everything else on in its order", () => {
    expect(parseStartOptions(["--port", "9000", "--verbose", "--var", "A:1"])).toEqual({
      asksForHelp: false,
      isVerbose: true,
      forWrangler: ["--port", "9000", "--var", "A:1"],
    });
    expect(parseStartOptions([])).toEqual({ asksForHelp: false, isVerbose: false, forWrangler: [] });
  });

  it.each([["--help"], ["-h"]])("%s asks for help", (option) => {
    expect(parseStartOptions(["--port", "9000", option])).toMatchObject({ asksForHelp: true });
  });

  it.each([[["--env", "production"]], [["--env=staging"]], [["-e", "staging"]], [["-estaging"]]])(
    "%j is refused: what start runs is the development configuration",
    (args) => {
      expect(() => parseStartOptions(args)).toThrow(
        "npm start runs the development configuration, so it takes no --env; npm run deploy takes one.",
      );
    },
  );

  it("are not taken for --env when they begin like it", () => {
    expect(() => parseStartOptions(["--env-file", "a", "--environment"])).not.toThrow();
  });

  it.each([
    [["--port", "9000"], "9000"],
    [["--port=9000"], "9000"],
    [["--port", "9000", "--port=9001"], "9001"],
    [["--portable", "9000"], null],
    [[], null],
  ])("%j has the port %s", (args, port) => {
    expect(findOption(args, "--port")).toBe(port);
  });

  it("that take several values end at the next option", () => {
    const args = ["--env-file", "a", "b", "--port", "9000", "--env-file=c", "d"];
    expect(listOption(args, "--env-file")).toEqual(["a", "b", "c", "d"]);
  });

  it.each([
    [["--var", "RATE_LIMIT_DEFAULT:3"], { RATE_LIMIT_DEFAULT: "3" }],
    [["--var=UPSTREAM_URL:http://127.0.0.1:9000/a"], { UPSTREAM_URL: "http://127.0.0.1:9000/a" }],
    [["--var", "A:1", "B:2", "--ip", "::1"], { A: "1", B: "2" }],
    [["--var", "A:1", "--var", "A:2"], { A: "2" }],
    [["--var", "A:"], { A: "" }],
    [["--var", "A"], {}],
  ])("%j are settings", (args, vars) => {
    expect(parseVars(args)).toEqual(vars);
  });

  it.each([
    ["1", true],
    ["65535", true],
    ["65536", false],
    ["0", false],
    ["-1", false],
    ["80.5", false],
    ["", false],
  ])("%j is a port: %s", (text, expected) => {
    expect(isPort(text)).toBe(expected);
  });

  it.each([
    ["127.0.0.1", "http://127.0.0.1:8787"],
    ["::1", "http://[::1]:8787"],
    ["0.0.0.0", "http://127.0.0.1:8787"],
    ["*", "http://127.0.0.1:8787"],
    ["::", "http://127.0.0.1:8787"],
  ])("%s is reached at %s", (host, origin) => {
    expect(toOrigin(host, "8787")).toBe(origin);
  });
});
