"""An upstream for Edge Actions: Python's standard library only. It has three stored actions, which are also the one-off
runs' action keys: `echo` ends at once, `slow` after `inputs.seconds`, `fails` in an error.

    COMPLETION_TOKEN=… python3 server.py --gateway https://actions.example.com --port 8790

Every request is for the user in the gateway's token. A start whose idempotency_id is known gets the run that it has
started. When a run ends, its callback_url hears of that, again and again until it answers 2xx.

It leaves to you: a database (here a restart forgets all runs; give the pair of user and idempotency_id a unique key, and
keep runs for seven days), TLS, and a fast check of signatures (ed25519.py says which).
"""

import argparse
import base64
import json
import os
import re
import threading
import time
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import ed25519

ACTION_IDS = {f"00000000-0000-4000-8000-00000000000{n}": key for n, key in ((1, "echo"), (3, "slow"), (4, "fails"))}
PARTNER_ERROR = {"code": "partner", "title": "Partner", "detail": "The partner refused the request."}
START = re.compile(r"/actions/v1/(?:stored-actions/([^/]+)/run|runs)")
READ = re.compile(r"/actions/v1/(?:stored-actions/([^/]+)/)?runs/([^/]+)")


class Upstream:
    def __init__(self, gateway_url: str, completion_token: str):
        self.gateway_url, self.completion_token = gateway_url, completion_token
        self.runs, self.run_ids, self.keys = {}, {}, {}
        self.lock = threading.Lock()

    def find_user(self, authorization: str):
        try:
            header, claims, signature = authorization.removeprefix("Bearer ").split(".")
            head, said = json.loads(decode(header)), json.loads(decode(claims))
            expected = ("EdDSA", self.gateway_url, "actions-upstream")
            if (head["alg"], said["iss"], said["aud"]) != expected or said["exp"] <= time.time():
                return None
            key = self.find_key(head["kid"])
            if key is None or not ed25519.verify(key, f"{header}.{claims}".encode(), decode(signature)):
                return None
            return said["sub_id"]["iss"], said["sub_id"]["sub"]
        except (KeyError, TypeError, ValueError):
            return None

    def find_key(self, kid: str):
        # In production fetch them for an unknown `kid` every 30 s at most.
        if kid not in self.keys:
            with urllib.request.urlopen(f"{self.gateway_url}/.well-known/jwks.json", timeout=10) as response:
                self.keys = {key["kid"]: decode(key["x"]) for key in json.load(response)["keys"]}
        return self.keys.get(kid)

    def start(self, user, action_id, key, data) -> str:
        # Two starts with one id may come at the same moment.
        with self.lock:
            name = (user, data["idempotency_id"])
            if name in self.run_ids:
                return self.run_ids[name]
            inputs, run_id = data.get("inputs", {}), str(uuid.uuid4())
            seconds = float(inputs.get("seconds", 0)) if key == "slow" else 0
            errors = [PARTNER_ERROR] if key == "fails" else []
            self.runs[run_id] = (user, action_id, time.time() + seconds, inputs, errors)
            self.run_ids[name] = run_id
        # The token is for the gateway only.
        if (data.get("callback_url") or "").startswith(f"{self.gateway_url}/completions/"):
            threading.Thread(target=self.complete, args=(run_id, data["callback_url"], seconds), daemon=True).start()
        return run_id

    def complete(self, run_id: str, callback_url: str, seconds: float):
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.completion_token}"}
        request = urllib.request.Request(callback_url, json.dumps({"id": run_id}).encode(), headers)
        for pause in (seconds, 1, 2, 4, 8, 16):
            time.sleep(pause)
            try:
                urllib.request.urlopen(request, timeout=10).close()
                return
            except OSError:
                continue

    def answer(self, method: str, path: str, authorization: str, body: bytes):
        if path == "/healthz":
            return 200, {"status": "ok"}
        user = self.find_user(authorization)
        if user is None:
            return problem(401, "unauthenticated", "The token is not valid.")
        start, read = START.fullmatch(path), READ.fullmatch(path)
        if method == "POST" and start:
            data = json.loads(body)["data"]
            key = ACTION_IDS.get(start[1]) if start[1] else data.get("action_key")
            if key not in ACTION_IDS.values():
                return problem(404, "not_found", "There is no such action.")
            return 202, {"data": {"type": "run", "id": self.start(user, start[1], key, data)}}
        run = self.runs.get(read[2]) if method == "GET" and read else None
        if run is None or run[:2] != (user, read[1]):
            return problem(404, "not_found", "There is nothing at this path.")
        is_waiting = time.time() < run[2]
        report = to_report(read[2], is_waiting, *run[3:])
        return 202 if is_waiting else 200, report if read[1] else {"data": report}


def to_report(run_id, is_waiting, inputs, errors):
    status = "waiting" if is_waiting else "error" if errors else "success"
    results = [inputs] if status == "success" else []
    shown = [] if is_waiting else errors
    return {"type": "run", "id": run_id, "status": status, "results": results, "next_page": None, "errors": shown}


def problem(status, code, detail):
    error = {"status": status, "code": code, "title": code, "detail": detail, "source": None, "meta": {}}
    return status, {"errors": [error]}


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def create_server(upstream: Upstream, port: int) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                status, answered = upstream.answer(self.command, self.path, self.headers.get("Authorization", ""), body)
            except (KeyError, TypeError, ValueError):
                status, answered = problem(400, "bad_request", "The body is malformed.")
            except OSError:
                status, answered = problem(503, "unavailable", "The gateway's keys cannot be read.")
            text = json.dumps(answered).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = handle_any

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--port", type=int, default=8790)
    options = parser.parse_args()
    server = create_server(Upstream(options.gateway, os.environ.get("COMPLETION_TOKEN", "")), options.port)
    print(f"listening on http://127.0.0.1:{options.port}", flush=True)
    server.serve_forever()
