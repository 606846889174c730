import { spawn } from "node:child_process";
import { createPublicKey, type JsonWebKey } from "node:crypto";
import { writeFileSync } from "node:fs";
import { freePort } from "../../test/flows/support/environment.ts";
import { pidOf, stop, untilListening, watch } from "../harness/children.ts";
import type { Contender, World } from "../harness/contender.ts";
import { plainRuns } from "../harness/shapes.ts";

export const haproxy: Contender = {
  name: "haproxy",
  title: "HAProxy: token and limit alone",
  verifies: true,
  needs: ["haproxy"],
  shape: plainRuns,
  async start(world) {
    const port = await freePort();
    const folder = world.folder("haproxy");
    writeFileSync(`${folder}/issuer.pem`, publicKey(world));
    writeFileSync(`${folder}/haproxy.cfg`, configuration(world, port, `${folder}/issuer.pem`));
    const args = ["-db", "-f", `${folder}/haproxy.cfg`];
    const child = spawn("haproxy", args, { stdio: ["ignore", "ignore", "inherit"] });
    watch(child);
    await untilListening("haproxy", port);
    const pid = pidOf(child);
    return { port, pids: [pid], close: async () => stop(pid) };
  },
};

function publicKey({ jwks }: World): string {
  const { keys }: { keys: [JsonWebKey] } = JSON.parse(jwks);
  return createPublicKey({ key: keys[0], format: "jwk" }).export({ type: "spki", format: "pem" }).toString();
}

// One thread, like a Worker. The claims are compared one by one: HAProxy verifies a signature and nothing else by itself.
function configuration({ issuer, audience, upstream }: World, port: number, pem: string): string {
  return `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout client 60s
  timeout server 10s
  timeout connect 5s
frontend edge
  bind 127.0.0.1:${port}
  stick-table type string len 128 size 1m expire 300s store http_req_rate(300s)
  http-request set-var(txn.bearer) http_auth_bearer
  http-request set-var(txn.alg) var(txn.bearer),jwt_header_query('$.alg')
  http-request set-var(txn.iss) var(txn.bearer),jwt_payload_query('$.iss')
  http-request set-var(txn.aud) var(txn.bearer),jwt_payload_query('$.aud')
  http-request set-var(txn.sub) var(txn.bearer),jwt_payload_query('$.sub')
  http-request set-var(txn.scope) var(txn.bearer),jwt_payload_query('$.scope')
  http-request set-var(txn.now) date()
  http-request set-var(txn.left) var(txn.bearer),jwt_payload_query('$.exp','int'),sub(txn.now)
  http-request deny deny_status 401 unless { var(txn.alg) -m str ES256 }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_verify(txn.alg,"${pem}") 1 }
  http-request deny deny_status 401 unless { var(txn.iss) -m str ${issuer} }
  http-request deny deny_status 401 unless { var(txn.aud) -m str ${audience} }
  http-request deny deny_status 401 unless { var(txn.left) -m int gt 0 }
  http-request deny deny_status 403 unless { var(txn.scope) -m str external }
  http-request track-sc0 var(txn.sub)
  http-request deny deny_status 429 if { sc_http_req_rate(0) gt 1000000 }
  default_backend upstream
backend upstream
  http-reuse always
  server upstream 127.0.0.1:${upstream.port}
`;
}
