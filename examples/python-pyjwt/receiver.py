"""Receives the callbacks of Edge Actions: http.server, and PyJWT for the `callback-signature`.

    apt-get install python3-jwt python3-cryptography  (elsewhere PyPI's PyJWT[crypto], 2.6 or later)
    /usr/bin/python3 receiver.py --gateway https://actions.example.com --origin https://client.example \\
        --user https://login.example.com alice

Before it reads the body, it checks of the token: the signature, with a key that the gateway publishes (keys are cached
for 5 minutes; for an unknown one they are fetched again); the algorithm, the type, the issuer; the age, at most 5 minutes;
that it is for this origin, about a run of an expected user, and for this `webhook-id`. Then it compares the body's hash,
and only then parses. It prints why it refuses.
A callback may come twice: each `webhook-id` is handed on once, and acknowledged every time.

It leaves to you: TLS and a rate limit (it listens on this machine only: put your proxy in front; PyJWT fetches the keys
once for every made-up key id), and a memory that outlives it. Here a run is lost if the process dies between the 204 and
the end of `on_run`. In production write `webhook-id` (unique) and the body to your database, answer when that is done,
and work from there.
"""

import argparse
import base64
import contextlib
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import jwt

MAX_BYTES = 64 * 1024 * 1024  # of a body, which is held in memory; a larger one is answered 413
MAX_AGE_SECONDS = 300
CLOCK_SKEW_SECONDS = 10  # how far the two clocks may differ
IDLE_TIMEOUT_SECONDS = 15  # the gateway, too, waits no longer for the next bytes


def verify(headers, keys, issuer, origin, is_expected_user):
    """The token's claims, or a PyJWTError."""
    token = headers.get("callback-signature", "")
    claims = jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token).key,
        algorithms=["EdDSA"],
        issuer=issuer,
        audience=origin,
        leeway=CLOCK_SKEW_SECONDS,
        options={"require": ["iss", "aud", "sub", "jti", "iat", "exp", "sub_id", "body_sha256"]},
    )
    # The signature, which holds, covers the header too.
    if jwt.get_unverified_header(token).get("typ") != "callback+jwt":
        raise jwt.InvalidTokenError("the token's typ is not callback+jwt")
    if time.time() - claims["iat"] > MAX_AGE_SECONDS + CLOCK_SKEW_SECONDS:
        raise jwt.ExpiredSignatureError("the token is older than 5 minutes")
    if claims["jti"] != headers.get("webhook-id"):
        raise jwt.InvalidTokenError("the token is for another webhook-id")
    sub_id = claims["sub_id"]
    if not isinstance(sub_id, dict) or sub_id.get("format") != "iss_sub":
        raise jwt.InvalidTokenError("sub_id is not of the format iss_sub")
    if not is_expected_user(sub_id.get("iss"), sub_id.get("sub")):
        raise jwt.InvalidTokenError(f"no run of {json.dumps(sub_id)} is expected here")
    return claims


def create_receiver(gateway_url, origin, is_expected_user, on_run, port, max_bytes=MAX_BYTES):
    """`gateway_url` is the gateway's PUBLIC_URL, `origin` the scheme, host and port of your callback URLs.
    `is_expected_user(issuer, subject)` says whether runs of that user are yours: `iss` and `sub` of the token that started
    the run. `on_run(run_id, run, sub_id)` is called once for each run, after the answer."""
    issuer = gateway_url.rstrip("/")
    keys = jwt.PyJWKClient(issuer + "/.well-known/jwks.json")
    seen = set()
    lock = threading.Lock()

    class Receiver(BaseHTTPRequestHandler):
        timeout = IDLE_TIMEOUT_SECONDS

        def do_POST(self):
            length = self.headers.get("content-length", "")
            if not length.isdecimal():
                return self.refuse(411, "the body has no length")
            if int(length) > max_bytes:
                return self.refuse(413, f"the body has more than {max_bytes} bytes", unread=int(length))
            try:
                claims = verify(self.headers, keys, issuer, origin, is_expected_user)
            except jwt.PyJWTError as error:
                # Keys that cannot be fetched are a 401 too: the gateway will try again.
                return self.refuse(401, error, unread=int(length))
            body = self.rfile.read(int(length))
            # The bytes as they came: parsed and printed again, they would be others.
            digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
            if claims["body_sha256"] != digest:
                return self.refuse(401, "the token is for another body")
            try:
                run = json.loads(body, parse_constant=refuse_constant)
            except (ValueError, RecursionError) as error:
                return self.refuse(400, f"the body is no JSON that can be read here: {error}")

            with lock:  # two copies may arrive at the same moment
                is_new = claims["jti"] not in seen
                seen.add(claims["jti"])
            self.answer(204)
            if is_new:
                on_run(claims["sub"], run, claims["sub_id"])

        def refuse(self, status, reason, unread=0):
            self.log_error("refused: %s", reason)
            self.answer(status)
            # A connection that is closed before everything is read can take the answer with it.
            with contextlib.suppress(OSError):
                while unread > 0 and (chunk := self.rfile.read(min(unread, 65536))):
                    unread -= len(chunk)

        def answer(self, status):
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

    return ThreadingHTTPServer(("127.0.0.1", port), Receiver)


def refuse_constant(name):
    """NaN and Infinity, which Python would take."""
    raise ValueError(name)


def http_url(text):
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError
    return text


def whole_number(text):
    if not text.isdecimal() or int(text) == 0:
        raise ValueError
    return int(text)


def port_number(text):
    if whole_number(text) > 65535:
        raise ValueError
    return int(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--gateway", type=http_url, default="http://127.0.0.1:8787")
    parser.add_argument("--origin", type=http_url, help="scheme, host and port of your callback URLs")
    parser.add_argument("--user", nargs=2, metavar=("ISSUER", "SUBJECT"), action="append", required=True)
    parser.add_argument("--max-bytes", type=whole_number, default=MAX_BYTES)
    parser.add_argument("--port", type=port_number, default=9000)
    arguments = parser.parse_args()
    if not arguments.origin and urlsplit(arguments.gateway).hostname not in ("127.0.0.1", "localhost", "::1"):
        parser.error("--origin is required: the scheme, host and port of your callback URLs")

    def print_run(run_id, run, _):
        print(f"run {run_id}: {json.dumps(run)}", flush=True)

    server = create_receiver(
        arguments.gateway,
        arguments.origin or f"http://127.0.0.1:{arguments.port}",
        lambda issuer, subject: [issuer, subject] in arguments.user,
        print_run,
        arguments.port,
        arguments.max_bytes,
    )
    print(f"listening on http://127.0.0.1:{arguments.port}", flush=True)
    server.serve_forever()
