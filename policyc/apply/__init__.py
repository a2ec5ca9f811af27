"""A compiled policy in, a live PBX brought in line with it: read, compared, shown, saved, written, read back.

| Module | What it does |
|---|---|
| `access.py` | where the PBX is and who asks, from the environment |
| `client.py` | requests and answers of a 3CX: one token, bounded sizes, waits and retries |
| `document.py` | the file of a compiled policy, read and checked |
| `plan.py` | what is wanted and what is there → what differs; pure |
| `state.py` | the file that keeps what was there before |
| `run.py` | these in order: look, then carry out; yields events, raises `ApplyError` |
| `show.py` | a difference as text |
| `command.py` | the whole command, talking to people through a `Console` |

Nothing here prints: the command line hands in what does.
"""
