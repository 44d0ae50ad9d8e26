# An HTTP endpoint on this machine that the binary calls: it keeps what it was asked, and answers as it is told.

import http.server
import json
import queue
import threading


class Request:
    """What came: method, path with query, headers (case ignored), body as text."""

    def __init__(self, handler):
        self.method, self.path, self.headers = handler.command, handler.path, handler.headers
        self.body = handler.rfile.read(int(handler.headers.get("Content-Length", 0))).decode()


class Endpoint:
    """Answers each request with the next of `answers` (status, headers, body as JSON), and the last one for all that follow."""

    def __init__(self, *answers):
        self.answers = list(answers) or [(200, {}, None)]
        self.requests = queue.Queue()
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                request = Request(self)
                status, headers, body = endpoint.answers.pop(0) if len(endpoint.answers) > 1 else endpoint.answers[0]
                text = b"" if body is None else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(text)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)
                endpoint.requests.put(request)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def request(self, within_s=10):
        """The next request; fails where none comes in time."""
        return self.requests.get(timeout=within_s)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
