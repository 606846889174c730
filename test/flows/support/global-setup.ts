// Before any flow: what all of them serve.
import { bundlesFolder } from "./bundles.ts";

export async function setup(): Promise<void> {
  await bundlesFolder();
}
