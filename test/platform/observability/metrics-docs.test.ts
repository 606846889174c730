// The pages that people ask their questions by: what they say of the columns is what the code writes, and what they ask
// can be asked.
import { describe, expect, it } from "vitest";
import text from "../../../docs/grafana-dashboard.json?raw";
import page from "../../../docs/metrics.md?raw";
import operations from "../../../docs/operations.md?raw";
import wrangler from "../../../wrangler.toml?raw";
import { COLUMNS, columnsIn, findFaults } from "./analytics-sql.ts";

const MACROS = ["$timeSeries", "$timeFilter", "$interval", "$dataset"];
const DATASETS = ["edge_actions_v1", "edge_actions_staging_v1", "edge_actions_dev_v1"];
const PLUGIN = { type: "vertamedia-clickhouse-datasource", uid: "${datasource}" };

type Panel = {
  id: number;
  title: string;
  description?: string;
  type: string;
  gridPos: { h: number; w: number; x: number; y: number };
  datasource?: object;
  targets?: {
    refId: string;
    datasource: object;
    query: string;
    format: string;
    dateTimeColDataType: string;
  }[];
};
type Variable = { name: string; type: string; query: string };

const dashboard: { panels: Panel[]; templating: { list: Variable[] } } = JSON.parse(text);
const panels = dashboard.panels.filter(({ type }) => type !== "row");

function sqlIn(markdown: string): string[] {
  return [...markdown.matchAll(/```sql\n(.*?)```/gs)].map(([, sql = ""]) => sql);
}

const questions = [...sqlIn(page), ...sqlIn(operations)];

describe("a query that has a mistake in it is found out", () => {
  it.each([
    { sql: "SELECT sum(_sample_interval) AS n FROM x WHERE blob1 = 'request'", fault: "unknown: x" },
    { sql: "SELECT count() FROM $dataset WHERE blob1 = 'request'", fault: "unknown: count" },
    { sql: "SELECT sum(double1) AS n FROM $dataset WHERE blob1 = 'request'", fault: "counts rows" },
    { sql: "SELECT sum(_sample_interval * double19) AS n FROM $dataset", fault: "unknown: double19" },
    { sql: "SELECT sum(_sample_interval) AS n FROM $dataset WHERE blob2 = 'dead'", fault: "mixes" },
  ])("$fault", ({ sql, fault }) => {
    expect(findFaults(sql, MACROS).join()).toContain(fault);
  });
});

describe("docs/metrics.md", () => {
  it("has the columns that the code writes, each in its place", () => {
    const rows = [...page.matchAll(/^\| `(\w+\d+)` \| `(\w+)` \|/gm)].map(([, column, name]) => [
      column,
      name,
    ]);
    expect(rows).toEqual([...COLUMNS]);
  });

  it("names the datasets that wrangler.toml has, with the version in their names", () => {
    const datasets = [...wrangler.matchAll(/^dataset = "(\w+)"$/gm)].map(([, name]) => name);
    expect(datasets).toHaveLength(DATASETS.length);
    expect(new Set(datasets)).toEqual(new Set(DATASETS));
    for (const name of DATASETS) expect(page).toContain(`\`${name}\``);
  });

  it("knows the largest batch, which fits into what the platform takes of one invocation", () => {
    const sizes = [...wrangler.matchAll(/^max_batch_size = (\d+)$/gm)].map(([, size]) => Number(size));
    expect(Math.max(...sizes)).toBe(100);
    expect(page).toMatch(/takes 250 points.*`max_batch_size` in `wrangler\.toml`, 100 now/s);
  });

  it("asks at least what people ask", () => {
    expect(sqlIn(page).length).toBeGreaterThanOrEqual(12);
  });

  it.each(questions)("can be asked: %s", (sql) => {
    expect(findFaults(sql, ["edge_actions_v1"])).toEqual([]);
    expect(sql).toContain("FROM edge_actions_v1");
    expect(sql).toContain("timestamp > now() - INTERVAL");
  });

  it("uses each column somewhere", () => {
    const used = new Set([...questions, ...panels.map(findQuery)].flatMap(columnsIn));
    expect([...COLUMNS.keys()].filter((column) => !used.has(column))).toEqual([]);
  });
});

describe("docs/grafana-dashboard.json", () => {
  it.each(panels)("$title: a panel with one query that can be asked", (panel) => {
    expect(panel.title).not.toBe("");
    expect(panel.description).toMatch(/\.$/);
    expect(["timeseries", "table"]).toContain(panel.type);
    expect(panel.datasource).toEqual(PLUGIN);
    expect(panel.targets).toMatchObject([
      {
        refId: "A",
        datasource: PLUGIN,
        dateTimeColDataType: "timestamp",
        format: panel.type === "table" ? "table" : "time_series",
      },
    ]);
    const sql = findQuery(panel);
    expect(findFaults(sql, MACROS)).toEqual([]);
    expect(sql).toContain("FROM $dataset");
    expect(sql).toContain("$timeFilter");
    expect(sql.includes("$timeSeries AS t")).toBe(panel.type === "timeseries");
  });

  it("has panels with ids and titles of their own, none over another", () => {
    const ids = dashboard.panels.map(({ id }) => id);
    const titles = dashboard.panels.map(({ title }) => title);
    expect([new Set(ids).size, new Set(titles).size]).toEqual([ids.length, titles.length]);
    const cells = dashboard.panels.flatMap(listCells);
    expect(new Set(cells).size).toBe(cells.length);
  });

  it("asks for its data source and its dataset, and for nothing else", () => {
    const variables = dashboard.templating.list.map(({ name, type, query }) => ({ name, type, query }));
    expect(variables).toEqual([
      { name: "datasource", type: "datasource", query: PLUGIN.type },
      { name: "dataset", type: "custom", query: DATASETS.join(",") },
    ]);
    const names = new Set([...text.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name));
    expect(names).toEqual(new Set(["datasource", "dataset", "interval", "timeFilter", "timeSeries"]));
  });

  it("holds no place for anything that is still missing, and nothing of an account", () => {
    expect(text).not.toMatch(/TODO|FIXME|<[a-z_ ]+>|example|DS_[A-Z]|api\.cloudflare|Bearer|https?:/i);
  });
});

function findQuery({ targets }: Panel): string {
  return targets?.[0]?.query ?? "";
}

function listCells({ gridPos: { h, w, x, y } }: Panel): string[] {
  expect(x + w).toBeLessThanOrEqual(24);
  return Array.from({ length: h * w }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`);
}
