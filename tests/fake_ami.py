"""An Asterisk for tests: its manager interface on a local port, with recorded answers, and faults on demand."""

from __future__ import annotations

import hashlib
import socket
import threading
from pathlib import Path

USER, SECRET = "policyc", "s3cret"
RECORDED = Path(__file__).parent / "recorded" / "asterisk"
CHALLENGE = "105828486"


def recorded(name, folder=RECORDED):
    return (folder / name).read_text(encoding="utf-8").removesuffix("\n")


def error(headers, message):
    """Return an error as Asterisk tells it."""
    return f"Response: Error\r\nActionID: {headers['ActionID']}\r\nMessage: {message}\r\n\r\n".encode()


class FakeAsterisk:
    """Listens until it is closed. What it answers may be changed; `faults` replace an answer, by action."""

    def __init__(self, context=None, folder=RECORDED):
        self.greeting = b"Asterisk Call Manager/11.0.0\r\n"
        self.commands = {
            "core waitfullybooted": "Asterisk has fully booted.",
            "dialplan show": recorded("show.txt", folder),
            "dialplan show globals": recorded("globals.txt", folder),
        }
        self.general = recorded("general.txt", folder)
        self.items = recorded("list.txt", folder).split("\n\n")
        self.faults, self.asked, self.context = {}, [], context
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def actions(self):
        """Return what was asked."""
        return [one["Action"] for one in self.asked]

    def _serve(self):
        while True:
            try:
                link, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(link,), daemon=True).start()

    def _talk(self, link):
        try:
            if self.context:
                link = self.context.wrap_socket(link, server_side=True)
            with link:
                link.settimeout(10)
                link.sendall(self.greeting)
                rest = b""
                while data := link.recv(65536):
                    *blocks, rest = (rest + data).split(b"\r\n\r\n")
                    for block in blocks:
                        headers = dict(line.split(": ", 1) for line in block.decode().split("\r\n"))
                        self.asked.append(headers)
                        answer = self.faults.get(headers["Action"], self.answer)(headers)
                        if answer is None:
                            return
                        link.sendall(answer)
        except OSError:
            pass  # the client went away

    def answer(self, headers):
        """Return what Asterisk answers."""
        number = f"ActionID: {headers['ActionID']}"
        success = ["Response: Success", number]
        match headers["Action"]:
            case "Challenge":
                lines = [*success, f"Challenge: {CHALLENGE}", ""]
            case "Login":
                key = hashlib.md5((CHALLENGE + SECRET).encode(), usedforsecurity=False).hexdigest()
                if (headers["Username"], headers["Key"]) != (USER, key):
                    return error(headers, "Authentication failed")
                # nobody asked for the event, which Asterisk sends those who may read them
                lines = [*success, "Message: Authentication accepted", "", "Event: FullyBooted", "Status: Booted", ""]
            case "Command":
                output = [f"Output: {line}" for line in self.commands[headers["Command"]].split("\n")]
                lines = [*success, "Message: Command output follows", *output, ""]
            case "GetConfig":
                lines = [*success, *self.general.split("\n"), ""]
            case "ShowDialPlan":
                lines = [*success, "EventList: start", "Message: DialPlan list will follow", ""]
                for one in self.items:
                    event, *others = one.split("\n")
                    lines += [event, number, *others, ""]
                end = ["Event: ShowDialPlanComplete", number, "EventList: Complete", f"ListItems: {len(self.items)}"]
                lines += [*end, ""]
            case _:
                return error(headers, "Invalid/unknown command")
        return "".join(f"{line}\r\n" for line in lines).encode()
