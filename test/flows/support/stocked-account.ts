// An account in which production and staging run, with an operators' index each.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { FakeAccount } from "./account.ts";
import { PROJECT } from "./environment.ts";

const FLAG = "edge_actions_api_rate_limiting_global";
export const RUN_ID = "2f1c7d1e-52a6-4d0f-9f0e-0a3d7f3b8c55";
export const [FORMER_VERSION, VERSION] = [
  "aaaaaaaa-0000-4000-8000-000000000001",
  "bbbbbbbb-0000-4000-8000-000000000002",
];

export async function stockedAccount(): Promise<FakeAccount> {
  const account = await FakeAccount.listen();
  for (const name of ["edge-actions", "edge-actions-staging"]) {
    const versions = [FORMER_VERSION, VERSION].map((id, index) => ({
      id,
      number: index + 1,
      annotations: { "workers/tag": `0.2.0-${index}` },
      bindings: [{ name: "SIGNING_KEYS", type: "secret_text" }],
    }));
    const deployed = versions.map(({ id }) => id);
    const secrets = new Map([["SIGNING_KEYS", '{"keys":[]}']]);
    account.workers.set(name, {
      versions,
      deployed,
      secrets,
      migrationTag: "v1",
      crons: [],
      isOnWorkersDev: false,
    });
    account.databases.push({
      uuid: `${name}-operators-id`,
      name: `${name}-operators`,
      sql: operatorsIndex(),
    });
    const flag = { key: FLAG, enabled: true, default_variation: "on", variations: { on: true, off: false } };
    account.apps.push({ id: `${name}-flags-id`, name: `${name}-flags`, flags: [flag] });
  }
  return account;
}

/** It has one dead letter, and one gate is late. */
function operatorsIndex(): DatabaseSync {
  const sql = new DatabaseSync(":memory:");
  const folder = join(PROJECT, "migrations");
  for (const file of readdirSync(folder).toSorted()) sql.exec(readFileSync(join(folder, file), "utf8"));
  const gate = "0a".repeat(32);
  sql.exec(`INSERT INTO dead_letters VALUES ('${RUN_ID}', '${gate}', 'user', 'https://login.example', 'alice', NULL,
    'https://client.example/hook', 'client.example', 1795478400000, 1795478401000, 'success', 10, 503, 'status', 0, NULL, NULL, NULL, 1)`);
  sql.exec(`INSERT INTO overdue_gates VALUES ('${gate}', 'user', 1795478400000, 3, 'a-run', 1795478401000)`);
  return sql;
}

/** What a deployment to staging makes, before it makes the Worker. */
export function addStaging(account: FakeAccount): void {
  account.namespaces.push({ id: "staging-kv-id", title: "edge-actions-staging-kv" });
  account.databases.push({
    uuid: "staging-operators-id",
    name: "edge-actions-staging-operators",
    sql: new DatabaseSync(":memory:"),
  });
  for (const name of ["edge-actions-staging-runs", "edge-actions-staging-runs-dead"])
    account.queues.push({ queue_id: `${name}-id`, queue_name: name, consumers: [] });
  account.apps.push({ id: "staging-flags-id", name: "edge-actions-staging-flags", flags: [] });
}
