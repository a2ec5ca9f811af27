"""Hangup causes: their names and numbers (ITU-T Q.850, and those that FreeSWITCH adds)."""

from __future__ import annotations

from functools import lru_cache

from policyc.targets.freeswitch.reader.errors import Unclear, What
from policyc.targets.freeswitch.reader.expanding import is_true
from policyc.targets.freeswitch.reader.texts import show

CLEARING = "NORMAL_CLEARING"
BUSY = "USER_BUSY"
EXCHANGE = "EXCHANGE_ROUTING_ERROR"
NO_ROUTE = "NO_ROUTE_DESTINATION"
NUMBERS = {
    "UNALLOCATED_NUMBER": 1,
    "NO_ROUTE_TRANSIT_NET": 2,
    "NO_ROUTE_DESTINATION": 3,
    "CHANNEL_UNACCEPTABLE": 6,
    "NORMAL_CLEARING": 16,
    "USER_BUSY": 17,
    "NO_USER_RESPONSE": 18,
    "NO_ANSWER": 19,
    "SUBSCRIBER_ABSENT": 20,
    "CALL_REJECTED": 21,
    "NUMBER_CHANGED": 22,
    "EXCHANGE_ROUTING_ERROR": 25,
    "DESTINATION_OUT_OF_ORDER": 27,
    "INVALID_NUMBER_FORMAT": 28,
    "FACILITY_REJECTED": 29,
    "NORMAL_UNSPECIFIED": 31,
    "NORMAL_CIRCUIT_CONGESTION": 34,
    "NETWORK_OUT_OF_ORDER": 38,
    "NORMAL_TEMPORARY_FAILURE": 41,
    "SWITCH_CONGESTION": 42,
    "REQUESTED_CHAN_UNAVAIL": 44,
    "OUTGOING_CALL_BARRED": 52,
    "INCOMING_CALL_BARRED": 54,
    "SERVICE_UNAVAILABLE": 63,
    "CHAN_NOT_IMPLEMENTED": 66,
    "SERVICE_NOT_IMPLEMENTED": 79,
    "INCOMPATIBLE_DESTINATION": 88,
    "RECOVERY_ON_TIMER_EXPIRE": 102,
    "INTERWORKING": 127,
    "ORIGINATOR_CANCEL": 487,
    "LOSE_RACE": 702,
    "BLIND_TRANSFER": 800,
    "ATTENDED_TRANSFER": 801,
    "ALLOTTED_TIMEOUT": 802,
    "MEDIA_TIMEOUT": 804,
    "PICKED_OFF": 805,
    "USER_NOT_REGISTERED": 806,
    "PROGRESS_TIMEOUT": 807,
    "INVALID_GATEWAY": 808,
    "GATEWAY_DOWN": 809,
    "BUSY_EVERYWHERE": 815,
    "DECLINE": 816,
    "DOES_NOT_EXIST_ANYWHERE": 817,
}
FAILURES = frozenset(NUMBERS) - {"ORIGINATOR_CANCEL", "LOSE_RACE", "BLIND_TRANSFER", "ATTENDED_TRANSFER", "PICKED_OFF"}
"""Why a line may not take a call while the caller is still there."""
_BY_DEFAULT = frozenset(("NO_ANSWER", "NO_USER_RESPONSE"))
_NAMES = {number: name for name, number in NUMBERS.items()}
_OF_RESPONSES = {404: 1, 480: 18, 486: 17, 600: 17, 603: 21, 503: 41, 403: 21}


def named(text: str) -> str:
    """Return the cause that an action names, by name or number; none is a normal clearing. Raises Unclear."""
    if not text:
        return CLEARING
    if text.isascii() and text.isdigit() and int(text) in _NAMES:
        return _NAMES[int(text)]
    if text.upper() in NUMBERS:
        return text.upper()
    raise Unclear(What.ARGUMENTS, show(text))


def of_response(text: str) -> str:
    """Return the cause of a SIP response such as `486 Busy Here`. Raises Unclear."""
    code = text.split(" ", maxsplit=1)[0]
    if not (code.isascii() and code.isdigit()) or int(code) not in _OF_RESPONSES:
        raise Unclear(What.ARGUMENTS, show(text))
    return _NAMES[_OF_RESPONSES[int(code)]]


@lru_cache(maxsize=256)
def going_on(continue_on_fail: str | None) -> frozenset[str]:
    """Return the failures after which the dialplan goes on, by the variable `continue_on_fail`."""
    if not continue_on_fail:
        return _BY_DEFAULT
    if is_true(continue_on_fail):
        return FAILURES
    listed = {one.strip().upper() for one in continue_on_fail.split(",")}
    return frozenset(cause for cause in FAILURES if cause in listed or str(NUMBERS[cause]) in listed)
