"""`/health` over HTTP: what runs and what does not, as JSON; 200 when all is well, 503 when not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from alloop.errors import StateError

Report = Callable[[], tuple[bool, Mapping[str, Any]]]


@contextmanager
def health_served(host: str, port: int, report: Report) -> Iterator[int]:
    """Answer `/health` with what `report` says, in a thread; gives the port (a free one for 0).

    Raises:
        StateError: when the port is in use.
    """

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.rstrip("/") != "/health":
                self.send_error(404, "only /health is here")
                return
            is_well, said = report()
            body = json.dumps({"healthy": is_well, **said}).encode()
            self.send_response(200 if is_well else 503)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: it is asked every few seconds."""

    try:
        server = ThreadingHTTPServer((host, port), Answer)
    except OSError as error:
        what = f"port {port} cannot be used ({error.strerror})"
        raise StateError(what, "end what uses it, or choose another with --port") from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
