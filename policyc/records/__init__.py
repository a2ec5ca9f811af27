"""A file of call records in, the calls that a policy was asked about out.

    with records.read("Master.csv", policy.zone) as journal:
        for call in journal:
            ...  # Record(line=12, caller='0639980001', called='102', local=datetime(…), internal=None, way=None)
        journal.diagnostics()

`layouts` recognises the file, `rows` cuts it, `instants` reads its clock, `journal` takes one row of each call.
"""

from policyc.records.journal import Journal, JournalError, read
from policyc.records.layouts import FORMS, Form
from policyc.records.record import Reason, Record

__all__ = ["FORMS", "Form", "Journal", "JournalError", "Reason", "Record", "read"]
