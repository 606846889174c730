"""Receives the callbacks of Edge Actions: http.server, and PyJWT for the `callback-signature`.

    apt-get install python3-jwt python3-cryptography  (elsewhere PyPI's PyJWT[crypto], 2.6 or later)
    /usr/bin/python3 receiver.py --gateway http://127.0.0.1:8787 --port 9000

It checks, before anything is believed or parsed: the token's signature, with a key that the gateway publishes (keys are
cached for 5 minutes; for an unknown one they are fetched again); its algorithm; its issuer; its age, at most 5 minutes;
that it was made for this `webhook-id` and for exactly these bytes of body.
A callback may come twice: each `webhook-id` is handed on once, and acknowledged every time.

It leaves to you: TLS and a rate limit (it listens on this machine only: put your proxy in front; PyJWT fetches the keys
once for every made-up key id), and a memory that outlives it. Here a run is lost if the process dies between the 204 and
the end of `on_run`. In production write `webhook-id` (unique) and the body to your database, answer when that is done,
and work from there.
"""

import argparse
import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_AGE_SECONDS = 300
CLOCK_SKEW_SECONDS = 10  # how far the two clocks may differ
REQUEST_TIMEOUT_SECONDS = 15  # the gateway waits no longer for an answer


def verify(headers, body, keys, issuer):
    """The token's claims, or a PyJWTError. The body is hashed as it came: parsed and printed again, it would be another."""
    token = headers.get("callback-signature", "")
    claims = jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token).key,
        algorithms=["EdDSA"],
        issuer=issuer,
        leeway=CLOCK_SKEW_SECONDS,
        options={"require": ["iss", "sub", "jti", "iat", "exp", "body_sha256"]},
    )
    if time.time() - claims["iat"] > MAX_AGE_SECONDS + CLOCK_SKEW_SECONDS:
        raise jwt.ExpiredSignatureError("the token is older than 5 minutes")
    if claims["jti"] != headers.get("webhook-id"):
        raise jwt.InvalidTokenError("the token is for another webhook-id")
    digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
    if claims["body_sha256"] != digest:
        raise jwt.InvalidTokenError("the token is for another body")
    return claims


def create_receiver(gateway_url, on_run, port):
    """`gateway_url` is the gateway's PUBLIC_URL; `on_run(run_id, run)` is called once for each run, after the answer."""
    issuer = gateway_url.rstrip("/")
    keys = jwt.PyJWKClient(issuer + "/.well-known/jwks.json")
    seen = set()
    lock = threading.Lock()

    class Receiver(BaseHTTPRequestHandler):
        timeout = REQUEST_TIMEOUT_SECONDS

        def do_POST(self):
            length = self.headers.get("content-length", "")
            if not length.isdecimal():
                return self.answer(411)
            if int(length) > MAX_BODY_BYTES:
                return self.answer(413)
            body = self.rfile.read(int(length))
            try:
                claims = verify(self.headers, body, keys, issuer)
            except jwt.PyJWTError as error:
                # Keys that cannot be fetched are a 401 too: the gateway will try again.
                self.log_error("refused: %s", error)
                return self.answer(401)
            run = json.loads(body)

            with lock:  # two copies may arrive at the same moment
                is_new = claims["jti"] not in seen
                seen.add(claims["jti"])
            self.answer(204)
            if is_new:
                on_run(claims["sub"], run)

        def answer(self, status):
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

    return ThreadingHTTPServer(("127.0.0.1", port), Receiver)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", default="http://127.0.0.1:8787")
    parser.add_argument("--port", type=int, default=9000)
    arguments = parser.parse_args()

    def print_run(run_id, run):
        print(f"run {run_id}: {json.dumps(run)}", flush=True)

    server = create_receiver(arguments.gateway, print_run, arguments.port)
    print(f"listening on http://127.0.0.1:{arguments.port}", flush=True)
    server.serve_forever()
