// npm run reindex -- --url https://… --token …: after the operators' index (D1) was lost and created anew. Has every gate report
// it everything again, forty a request, and prints how far it is. Where it stops, it prints the cursor to go on from.
import { reindexAll } from "./reindex/all.ts";
import { parseReindexOptions } from "./reindex/options.ts";

await reindexAll(parseReindexOptions(process.argv.slice(2)), (line) => console.log(line));
