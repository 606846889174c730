/** One charge, as every answer that shows charges has it. */
export const CHARGE_EXAMPLE = {
  run_id: "123e4567-e89b-12d3-a456-426614174000",
  stored_action_id: "0b6c8d1e-8f0a-4b7e-9a55-0f6f8a7f3c11",
  charged_at: "2026-11-20T12:00:00.000Z",
  tasks: 1,
  origin: "actions_api",
  usage_type: "action_run",
  description: "an action was run via Actions API",
  exemption_reason: null,
  exemption_details: null,
};

export function csvExample(row: Record<string, string | number | null>): string {
  const rows = [Object.keys(row), Object.values(row).map((field) => field ?? "")];
  return rows.map((fields) => `${fields.join()}\r\n`).join("");
}
