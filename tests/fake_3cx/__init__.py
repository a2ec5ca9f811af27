"""A 3CX for tests: its configuration API on a local port, as strict as the published one, with faults on demand."""

from fake_3cx.server import CLIENT_ID, SECRET, FakePbx

__all__ = ["CLIENT_ID", "SECRET", "FakePbx"]
