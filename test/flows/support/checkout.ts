// The project as a user has checked it out, to be written into. What was installed, and the keys of development, are
// this one's.
import { cp, mkdir, symlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { PROJECT } from "./environment.ts";

const LINKED = ["node_modules", ".dev"];
const LEFT_OUT = [...LINKED, ".git", ".wrangler", "dist", "coverage"];

export async function checkOut(folder: string): Promise<string> {
  const checkout = join(folder, "checkout");
  await cp(PROJECT, checkout, { recursive: true, filter: isTaken });
  await mkdir(join(PROJECT, ".dev"), { recursive: true });
  await Promise.all(LINKED.map((name) => symlink(join(PROJECT, name), join(checkout, name))));
  return checkout;
}

function isTaken(path: string): boolean {
  return !LEFT_OUT.includes(basename(path));
}
