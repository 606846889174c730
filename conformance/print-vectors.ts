// npm run --silent vectors: prints callbacks for the test of a receiver, as JSON.
import { buildVectors } from "./vectors.ts";

console.log(JSON.stringify({ vectors: buildVectors() }, null, 2));
