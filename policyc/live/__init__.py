"""A running PBX in, what it does with calls out, in the form that its files are read in: nothing is changed.

| Module | What it does |
|---|---|
| `access.py` | where the PBX is and who asks, from options and the environment |
| `ami.py` | the manager interface of Asterisk: bounded sizes, bounded waits |
| `listing.py` | what Asterisk says of its dialplan, checked against itself → contexts; pure |
| `asterisk.py` | these in order: asks, reads, raises `LiveError` with the diagnostic |
| `proof.py` | what `asterisk.py` has read, as `policyc.proof` holds it to a policy |

Nothing here prints: the command line hands in what it was told.
"""
