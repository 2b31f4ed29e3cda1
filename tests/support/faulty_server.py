"""A web server on loopback that answers well or badly, for the tests of downloads."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Seconds that a stalling server waits for its client: a client without a timeout must fail its
# test, not hang it.
PATIENCE = 10

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.answer(self)

    def log_message(self, *_) -> None:
        pass

    def send(self, body: bytes, announced: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(announced))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def whole(body: bytes) -> Answer:
    return lambda handler: handler.send(body, len(body))


def ends_early(body: bytes) -> Answer:
    return lambda handler: handler.send(body[: len(body) // 2], len(body))


def hangs_up(handler: Handler) -> None:
    handler.close_connection = True


def never_answers(handler: Handler) -> None:
    handler.server.closing.wait(PATIENCE)


def stalls_halfway(body: bytes) -> Answer:
    def answer(handler: Handler) -> None:
        handler.send(body[: len(body) // 2], len(body))
        handler.server.closing.wait(PATIENCE)

    return answer


def cuts_a_chunk_short(handler: Handler) -> None:
    handler.protocol_version = "HTTP/1.1"
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"400\r\nfar less than 0x400 bytes")
    handler.close_connection = True


def forbids(handler: Handler) -> None:
    handler.send_error(403)


@contextlib.contextmanager
def serve(answer: Answer) -> Iterator[str]:
    """Yields the URL of an archive; `answer` handles each request for it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False  # closing waits for them: no thread outlives its test
    server.answer = answer
    server.closing = threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/cifar-10-python.tar.gz"
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def refusing_url() -> str:
    """Returns a URL whose port was free a moment ago, so nothing listens there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/cifar-10-python.tar.gz"
