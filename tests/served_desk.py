"""A desk of its own folder with `maildesk serve` on a free loopback port, for the scripts beside this file.

What is on it (accounts, tickets) is the script's affair; here is only how it starts, what it is asked, and how it ends.
Its database is a file, or where `tests/postgres` has started a server a database of that.
Python's standard library only.
"""

import json
import os
import pathlib
import select
import sqlite3
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[1]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).absolute()
TOKEN = "ScriptToken".ljust(60, "0")
START_SECONDS = 30
END_SECONDS = 20
# The address of databases on a server, with {} for the name.
SERVER = os.environ.get("MAILDESK_TEST_SERVER")
# A PNG of one grey pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c63600000000200"
    "0148afa4710000000049454e44ae426082"
)


def binary(profile="debug"):
    """The program under test: MAILDESK_BIN, else what cargo built; None when there is none."""
    path = pathlib.Path(os.environ.get("MAILDESK_BIN") or TARGET / profile / "maildesk")
    return str(path) if path.is_file() else None


def skip(reason):
    """Ends the script as skipped, or as failed where MAILDESK_TESTS_NO_SKIP=1 forbids that."""
    print(f"SKIPPED: {reason}")
    is_forbidden = os.environ.get("MAILDESK_TESTS_NO_SKIP") == "1"
    print(f"0 passed, {int(is_forbidden)} failed, {int(not is_forbidden)} skipped")
    sys.exit(1 if is_forbidden else 0)


def psql(database, *arguments):
    """What psql prints of a database of the server."""
    command = ["psql", SERVER.replace("{}", database), "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "-qAt", *arguments]
    return subprocess.run(command, text=True, capture_output=True, check=True).stdout


class ServedDesk:
    """Use as a context manager: it makes the folder, and takes server and folder away again."""

    def __init__(self, program):
        self.program = program
        self.server = None
        self.url = ""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="maildesk-served-")
        self.folder = pathlib.Path(self._folder.name)
        self.db = self.folder / "desk.db"
        self.name = f"script_{os.getpid()}_{uuid.uuid4().hex[:8]}" if SERVER else None
        if SERVER:
            psql("postgres", "-c", f"CREATE DATABASE {self.name}")
            self.db = SERVER.replace("{}", self.name)
        self.log = self.folder / "serve.log"
        (self.folder / "maildesk.toml").write_text('[log]\nlevel = "warn"\n')
        self.admin("init", "--site-name", "Example Helpdesk")
        self.admin("token", "add", "script", "--all", "--value", TOKEN)
        return self

    def __exit__(self, *_):
        if self.server and self.server.poll() is None:
            self.server.terminate()
            try:
                self.server.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()
        self._folder.cleanup()
        if SERVER:
            psql("postgres", "-c", f"DROP DATABASE {self.name} WITH (FORCE)")

    def _command(self, *arguments):
        return [self.program, "--config", str(self.folder / "maildesk.toml"), "--db", str(self.db), *arguments]

    def admin(self, *arguments, stdin=""):
        done = subprocess.run(self._command("admin", *arguments), input=stdin, text=True, capture_output=True, check=False)
        if done.returncode != 0:
            sys.exit(f"admin {' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def sql(self, query):
        """Rows of the database, for looking only."""
        if SERVER:
            rows = psql(self.name, "-c", f"SELECT json_agg(to_json(t)) FROM ({query}) AS t")
            return [tuple(row.values()) for row in json.loads(rows.strip() or "null") or []]
        with sqlite3.connect(f"file:{self.db}?mode=ro", uri=True) as connection:
            return connection.execute(query).fetchall()

    def start(self, *arguments):
        with self.log.open("ab") as log:
            command = self._command("serve", "--listen", "127.0.0.1:0", *arguments)
            self.server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        ready, _, _ = select.select([self.server.stdout], [], [], START_SECONDS)
        line = self.server.stdout.readline().decode() if ready else ""
        if not line.startswith("listening on "):
            sys.exit(f"serve did not start: {line}{self.log.read_text()}")
        self.url = line.split()[-1]

    def stop(self):
        """Ends the server; what it said on stderr comes back."""
        self.server.terminate()
        status = self.server.wait(END_SECONDS)
        if status != 0:
            sys.exit(f"serve ended with {status}: {self.log.read_text()}")
        return self.log.read_text()

    def request(self, method, path, fields=None, file=None, headers=None):
        """Status and JSON answer of one request; `fields` go as a form, `file` as its attachment[]."""
        sent = {"Token": TOKEN, **(headers or {})}
        body = None
        if method == "POST":
            mark = uuid.uuid4().hex
            sent["Content-Type"] = f"multipart/form-data; boundary={mark}"
            body = b"".join(
                f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
                for name, value in (fields or {}).items()
            )
            if file:
                head = f'--{mark}\r\nContent-Disposition: form-data; name="attachment[]"; filename="{file[0]}"\r\n'
                body += head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + file[1] + b"\r\n"
            body += f"--{mark}--\r\n".encode()
        request = urllib.request.Request(self.url + path, data=body, headers=sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read() or b"null")

    def wanted(self, method, path, fields=None, file=None):
        """As `request`, for what cannot be refused."""
        status, answer = self.request(method, path, fields, file)
        if status != 200 or "error" in answer:
            sys.exit(f"{method} {path}: {status} {answer}")
        return answer
