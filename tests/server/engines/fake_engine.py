"""A program that looks like vLLM from outside and starts at once. Run as a script.

    python fake_engine.py PORT [MODE …]

Modes: `helper` (starts a helper that ignores SIGTERM in a session of its own), `stubborn`
(ignores SIGTERM), `poor` (only what every OpenAI-compatible endpoint has), `once FILE` (serves
if FILE does not exist yet, else fails). GET /crash ends it, GET /hang stops its answers.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HELPER = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
IDS = [5, 6, 7, 8]
poor = "poor" in sys.argv
hanging = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if hanging.is_set():
            threading.Event().wait()
        if self.path == "/crash":
            print("ValueError: the fake was told to crash", flush=True)
            os._exit(3)
        if self.path == "/hang":
            hanging.set()
        models = {"data": [{"id": "fake", "root": "/m/fake", "max_model_len": 512}]}
        answers: dict[str, Any] = {"/v1/models": models, "/hang": {}}
        if not poor:
            answers |= {"/health": {}, "/version": {"version": "0.32.0"}}
        answer = answers.get(self.path)
        self._tell(404 if answer is None else 200, answer or {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/v1/chat/completions" and body.get("stream"):
            self._stream(body)
        elif self.path == "/v1/chat/completions":
            choices = 1 if poor else body.get("n", 1)
            self._tell(200, {"choices": [{}] * choices})
        elif poor:
            self._tell(404, {"error": "not here"})
        elif self.path == "/tokenize":
            self._tell(200, {"tokens": [1, 2]})
        else:
            self._tell(200, {})

    def _stream(self, body: dict[str, Any]) -> None:
        if poor and "return_token_ids" in body:
            self._tell(400, {"error": {"message": "unknown field return_token_ids"}})
            return
        first = {"choices": [{"delta": {"role": "assistant"}}], "prompt_token_ids": [1, 2]}
        last = {"choices": [{"delta": {"content": "2"}, "finish_reason": "stop"}]}
        usage = {"choices": [], "usage": {"prompt_tokens": 2, "completion_tokens": 4}}
        if poor:
            first.pop("prompt_token_ids")
        else:
            last["choices"][0]["token_ids"] = IDS  # type: ignore[assignment]
        events = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in (first, last, usage))
        self._tell(200, events + "data: [DONE]\n\n")

    def _tell(self, status: int, body: object) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def main() -> None:
    port = int(sys.argv[1])
    if "once" in sys.argv:
        mark = Path(sys.argv[sys.argv.index("once") + 1])
        if mark.exists():
            sys.exit("RuntimeError: only once")
        mark.touch()
    if "stubborn" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "helper" in sys.argv:
        helper = subprocess.Popen([sys.executable, "-c", HELPER], start_new_session=True)
        print(f"helper {helper.pid}", flush=True)
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    print(f"engine {os.getpid()}", flush=True)
    print("INFO 11-23 09:32:30 [x.py:1] Starting to load model fake...", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
