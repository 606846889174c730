export type Charge = { run_id: string; tasks: number };

const DAY_MS = 24 * 60 * 60 * 1000;

/** A caller that reads its own usage. */
type Reader = { call(path: string): Promise<{ status: number; text: string }> };

/** Everything that a caller was charged within a day of now (a gateway may have a clock of its own), over all pages. */
export async function allCharges(caller: Reader): Promise<Charge[]> {
  const [from, to] = [Date.now() - DAY_MS, Date.now() + DAY_MS].map((ms) => new Date(ms).toISOString());
  const charges: Charge[] = [];
  let cursor = "";
  for (;;) {
    const { status, text } = await caller.call(`/usage?from=${from}&to=${to}${cursor}`);
    if (status !== 200) throw new Error(`no usage: ${status} ${text.slice(0, 500)}`);
    const page: { data: Charge[]; next_cursor: string | null } = JSON.parse(text);
    charges.push(...page.data);
    if (page.next_cursor === null) return charges;
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
  }
}
