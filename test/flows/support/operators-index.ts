// The local operators' index (D1), as files of a gateway that is not running.
import { globSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Loses it as a deleted database is lost: no table is there when the gateway starts again. Gates and KV stay. */
export function loseOperatorsIndex(stateDir: string): void {
  // What stands beside the databases says that their tables are made, so nothing makes them anew.
  const files = globSync(join(stateDir, "v3/d1/*/*.sqlite*"));
  if (files.length === 0) throw new Error(`there is no database under ${stateDir}`);
  for (const file of files) rmSync(file);
}
