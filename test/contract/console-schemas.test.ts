// The console's schemas have exactly the members of the types that its answers are written from. `npm run check` reads
// this file: a member that /openapi.json lacks is an error of types here.
import { expectTypeOf, it } from "vitest";
import type * as z from "zod/mini";
import type * as views from "../../src/console/views.ts";
import type { CONSOLE_COMPONENTS, ConsoleComponentName } from "../../src/contract/console-schemas.ts";

type Answer<Name extends ConsoleComponentName> = z.output<(typeof CONSOLE_COMPONENTS)[Name]>;

it("each schema describes its type, no more and no less", () => {
  expectTypeOf<Answer<"ConsoleStats">>().branded.toEqualTypeOf<views.Stats>();
  expectTypeOf<Answer<"ConsoleOverview">>().branded.toEqualTypeOf<views.Overview>();
  expectTypeOf<Answer<"ConsoleRunSummary">>().branded.toEqualTypeOf<views.RunSummary>();
  expectTypeOf<Answer<"ConsoleRunPage">>().branded.toEqualTypeOf<views.RunPage>();
  expectTypeOf<Answer<"ConsoleTimeLineEntry">>().branded.toEqualTypeOf<views.TimeLineEntry>();
  expectTypeOf<Answer<"ConsoleRun">>().branded.toEqualTypeOf<views.RunDetail>();
  expectTypeOf<Answer<"ConsoleUser">>().branded.toEqualTypeOf<views.UserView>();
  expectTypeOf<Answer<"ConsoleDeadLetters">>().branded.toEqualTypeOf<views.DeadLetters>();
  expectTypeOf<Answer<"ConsoleDestinations">>().branded.toEqualTypeOf<views.Destinations>();
  expectTypeOf<Answer<"ConsoleAuditEntry">>().branded.toEqualTypeOf<views.AuditEntry>();
  expectTypeOf<Answer<"ConsoleAuditPage">>().branded.toEqualTypeOf<views.AuditPage>();
  expectTypeOf<Answer<"ConsoleRedeliveryFilter">>().branded.toEqualTypeOf<views.RedeliveryFilter>();
  expectTypeOf<Answer<"ConsoleRedelivery">>().branded.toEqualTypeOf<views.Redelivery>();
});
