"""Applications of a dialplan: each one changes the call, notes what happens, or ends it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from policyc.targets.asterisk.reader.arguments import separate, split
from policyc.targets.asterisk.reader.call import (
    CAN_GO_ON,
    EXTEN,
    LANGUAGE,
    NAME,
    NAME_PRESENTATION,
    NUMBER,
    NUMBER_PRESENTATION,
    Call,
    Target,
    Word,
)
from policyc.targets.asterisk.reader.errors import Unclear, What
from policyc.targets.asterisk.reader.functions import BUILT_IN, PRESENTATIONS, Evaluator, member_of, wanted_by
from policyc.targets.asterisk.reader.patterns import MAX_LENGTH
from policyc.targets.asterisk.reader.plans import (
    FAR_CAUSE,
    NAME_AS_PRESENTED,
    NUMBER_AS_PRESENTED,
    Answered,
    Asked,
    AskedKeys,
    Connected,
    Declined,
    Dialled,
    Failed,
    HungUp,
    LeftMessage,
    Plan,
    Played,
    Progressed,
    SaidDigits,
    SoundedBusy,
    Waited,
)
from policyc.targets.asterisk.reader.records import is_field
from policyc.targets.asterisk.reader.texts import (
    cause_word,
    check_inputs,
    has_clock,
    has_input,
    has_word,
    key_word,
    known,
    show,
    spelled,
    status_word,
)

if TYPE_CHECKING:
    from policyc.targets.asterisk.reader.patterns import Exten

_DIAL_FLAGS = frozenset("IrtTkKwWxXic")
_VOICEMAIL_FLAGS = frozenset("ubs")
_CONTINUE = "CONTINUE"
_AS_PRESENTED = (NUMBER_AS_PRESENTED, NAME_AS_PRESENTED)  # inputs, too
_MOST_WORDS = 200  # dials, and readings of keys, of one call
_PRIORITY = re.compile(r"([+-]?)(\d+)")
_LONGEST_PRIORITY = 9

Confirm = Callable[[Call, str], Plan | None]
"""What is done with whoever answers: the caller's call and the context in, the plan out, None if it is not there."""


@dataclass(slots=True)
class Runner:
    """Run one application on a call. Methods raise NeedsDigit, Unclear and what the questions raise."""

    evaluator: Evaluator
    confirm: Confirm

    @property
    def call(self) -> Call:
        """The call that applications change."""
        return self.evaluator.call

    def run(self, application: str, data: str) -> None:
        """Run an application, its data with all values put in."""
        if application not in self.APPLICATIONS:
            raise Unclear(What.APPLICATION, application)
        self.APPLICATIONS[application](self, data)

    def fails(self, application: str) -> None:
        """End the call where an application gave up."""
        self.call.happens(Failed(application))
        self.call.over = True

    def plain(self, text: str) -> str:
        """Return a text whose words are spelled out, and that the clock does not make."""
        text = spelled(text, self.evaluator.questions)
        if has_clock(text):
            raise Unclear(What.VALUE, show(text))
        return text

    def known(self, text: str) -> str:
        """Return a text of which all is known."""
        return known(text, self.evaluator.questions)

    # --- where to go ---

    def _goto(self, data: str) -> None:
        self.call.goes = self.target("Goto", data)

    def target(self, application: str, text: str) -> Target | None:
        """Return the place that `[[context,]extension,]priority` names, None where the application gives up."""
        call = self.call
        first, second, third, *_ = (*text.split(","), None, None)[:4]
        if first is None or third == "" or (second == "" and third is None):
            raise Unclear(What.ARGUMENTS, show(text))
        context, exten, priority = (
            (None, None, first)
            if second is None
            else (None, first, second)
            if third is None
            else (first, second, third)
        )
        context = context if context is None else self.known(context)
        if exten and not has_input(exten):  # else it is cut, and its commas are seen, where it is known
            exten = spelled(exten, self.evaluator.questions)[:MAX_LENGTH]
        is_empty = exten == ""  # pbx.c: that stands for this one with a number, and for itself with a label
        exten = exten or None
        priority = self.known(priority)
        if context == "" or len(context or "") > MAX_LENGTH:
            raise Unclear(What.CONTEXT, show(text))
        if context is not None and context != call.context and exten is None:
            exten = call.seen(EXTEN)
        if found := _PRIORITY.fullmatch(priority):
            if len(found[2]) > _LONGEST_PRIORITY:
                raise Unclear(What.PRIORITY, priority)
            number = int(found[2])
            to = {"": number, "+": call.priority + number, "-": call.priority - number}[found[1]]
        else:
            labelled = self.labelled(context or call.context, "" if is_empty else exten, priority)
            if labelled is None:
                self.fails(application)
                return None
            to = labelled.labels[priority]
        if to < 1:
            raise Unclear(What.PRIORITY, priority)
        return context or call.context, exten, to

    def labelled(self, context: str, exten: str | None, label: str) -> Exten | None:
        """Return the extension that has a label: this one, if none is given."""
        dialplan = self.evaluator.dialplan
        if context not in dialplan.contexts:
            raise Unclear(What.CONTEXT, context)
        wanted = wanted_by(label)
        if exten is None and self.call.exten and wanted(self.call.exten):
            return self.call.exten
        text = self.call.seen(EXTEN) or "" if exten is None else exten
        check_inputs(text)
        return dialplan.find(context, text, wanted)

    def _gotoif(self, data: str) -> None:
        condition, rest = split(data, "?", 2)
        yes, no = split(rest, ":", 2) if rest is not None else (None, None)
        if data and (way := yes if self.evaluator.is_true(condition or "") else no):
            self.call.goes = self.target("GotoIf", way)

    def _gotoiftime(self, data: str) -> None:
        fields, rest = split(data, "?", 2)
        yes, no = split(rest, ":", 2) if rest is not None else (None, None)
        if way := yes if self.evaluator.in_period(fields or "") else no:
            self.call.goes = self.target("GotoIfTime", way)

    def _gosub(self, data: str) -> None:
        target_text, opened, rest = data.partition("(")
        arguments = separate(rest.rpartition(")")[0], ",", 100, plain=True) if opened else []
        if opened and ")" not in rest:
            raise Unclear(What.ARGUMENTS, show(data))
        call = self.call
        target = self.target("Gosub", target_text)
        if target is None:
            return
        context, exten, priority = target
        if context not in self.evaluator.dialplan.contexts:
            raise Unclear(What.CONTEXT, context)
        wanted = wanted_by(str(priority))
        if not (exten is None and call.exten and wanted(call.exten)):
            text = call.seen(EXTEN) or "" if exten is None else exten
            if self.evaluator.dialplan.find(context, text, wanted) is None:
                self.fails("Gosub")
                return
        hidden = sum(re.fullmatch(r"ARG\d+", name) is not None for name in call.own or ())
        call.goes = target
        call.enters = (*arguments, *[""] * (hidden - len(arguments)), str(len(arguments)))

    def _gosubif(self, data: str) -> None:
        parts = separate(data, "?", 2, plain=True)
        if len(parts) != 2:
            raise Unclear(What.ARGUMENTS, show(data))
        yes, no = (*separate(parts[1], ":", 2, plain=True), "", "")[:2]
        if way := yes if self.evaluator.is_true(parts[0]) else no:
            self._gosub(way)

    def _return(self, data: str) -> None:
        if self.call.own is None:
            self.fails("Return")
        else:
            self.call.returns = data

    def result(self) -> Connected | Declined:
        """Return what the routine of whoever answered has settled so far."""
        result = self.known(self.call.variable("GOSUB_RESULT") or "")
        if result not in ("", _CONTINUE):
            raise Unclear(What.VALUE, f"GOSUB_RESULT={result}")
        return Declined() if result else Connected()

    # --- conditions ---

    def _execif(self, data: str) -> None:
        question = data.find("?")
        if question < 0 or 0 <= data.find(",") < question:
            raise Unclear(What.ARGUMENTS, show(data))  # the syntax of old
        condition, rest = (*separate(data, "?", 2, plain=True), "")[:2]
        yes, no = (*separate(rest, ":", 2, plain=True), "", "")[:2]
        holds = self.evaluator.is_true(condition)
        if way := yes if holds else no:
            self._executed(way)
        elif holds:
            self.fails("ExecIf")

    def _execiftime(self, data: str) -> None:
        fields, way = split(data, "?", 2)
        if not way:
            raise Unclear(What.ARGUMENTS, show(data))
        if self.evaluator.in_period(fields or ""):
            self._executed(way)

    def _executed(self, way: str) -> None:
        application, _, rest = way.partition("(")
        data, closed, more = rest.rpartition(")")
        self.run(self.known(application).lower(), data if closed else more)

    # --- variables ---

    def _set(self, data: str) -> None:
        name, equals, value = data.partition("=")
        name = self.known(name)
        if not equals or not name or " " in name:
            raise Unclear(What.ARGUMENTS, show(data))
        if name.endswith(")"):
            self._write(name, value)
        elif name.lstrip("_") in BUILT_IN or len(value) > 4000:
            raise Unclear(What.VARIABLE, name)
        else:
            self.call.set(name, value)

    def _write(self, name: str, value: str) -> None:
        function, _, argument = name[:-1].partition("(")
        call = self.call
        if function == "LOCAL":
            if argument in BUILT_IN or not re.fullmatch(r"\w+", argument):
                raise Unclear(What.VARIABLE, argument)
            if call.own is not None:
                call.set_own(argument, value)
        elif function == "CHANNEL" and argument == "language":
            call.set(LANGUAGE, self.known(value))
        elif function == "CDR" and is_field(argument):
            pass  # no call depends on its record
        elif function == "CALLERID" and not call.confirming:
            self._write_caller(member_of(argument), value.strip(" \t\r\n"))
        else:
            raise Unclear(What.FUNCTION, name)

    def _write_caller(self, member: str, value: str) -> None:
        call = self.call
        if member in ("num-pres", "name-pres", "pres"):
            # What was presented is a presentation, whichever: all calls that write it back stay one.
            if value not in _AS_PRESENTED and (value := self.known(value)) not in PRESENTATIONS:
                raise Unclear(What.VALUE, value)
            if member != "name-pres":
                call.set(NUMBER_PRESENTATION, value)
            if member != "num-pres":
                call.set(NAME_PRESENTATION, value)
        elif member == "num":
            call.set(NUMBER, self.plain(value))
        elif member == "name":
            call.set(NAME, self.plain(value))
        else:
            raise Unclear(What.FUNCTION, f"CALLERID({member})")

    # --- what the caller hears ---

    def _noop(self, data: str) -> None:
        pass

    def _answer(self, data: str) -> None:
        if self.known(data).strip("0123456789.,i"):
            raise Unclear(What.ARGUMENTS, data)
        self.call.happens(Answered())

    def _progress(self, _: str) -> None:
        self.call.happens(Progressed(ringing=False))

    def _ringing(self, _: str) -> None:
        self.call.happens(Progressed(ringing=True))

    def _wait(self, data: str) -> None:
        self.call.happens(Waited(self.known(data)))

    def _playback(self, data: str) -> None:
        files, options = (*separate(self.known(data), ",", 2), "", "")[:2]
        if not files or set(options.split(",")) - {"", "noanswer", "skip"}:
            raise Unclear(What.ARGUMENTS, data)
        self.call.happens(Played(tuple(files.split("&")), options, self.call.seen(LANGUAGE) or ""))

    def _saydigits(self, data: str) -> None:
        self.call.happens(SaidDigits(self.plain(data), self.call.seen(LANGUAGE) or ""))

    # --- where a call ends ---

    def _busy(self, _: str) -> None:
        self._ends(SoundedBusy())

    def _congestion(self, _: str) -> None:
        self._ends(SoundedBusy(congestion=True))

    def _ends(self, event: SoundedBusy | HungUp) -> None:
        if self.call.confirming:
            raise Unclear(What.APPLICATION, type(event).__name__)  # on whoever answered
        self.call.happens(event)
        self.call.over = True

    def _hangup(self, data: str) -> None:
        cause: str | None = data
        if not data:
            cause = FAR_CAUSE if self.call.dials else None
        elif self.call.dials and data == cause_word(self.call.dials - 1):
            cause = FAR_CAUSE
        elif has_word(data) or not re.fullmatch(r"[1-9]\d{0,2}", self.known(data)):
            raise Unclear(What.ARGUMENTS, show(data))
        self._ends(HungUp(cause))

    def _voicemail(self, data: str) -> None:
        boxes, options = (*separate(data, ",", 2), "", "")[:2]
        options = self.known(options)
        boxes = self.plain(boxes)
        call = self.call
        if not boxes or set(options) - _VOICEMAIL_FLAGS or call.confirming:
            raise Unclear(What.ARGUMENTS, show(data))
        for key in ("a", "o"):  # where `*` and 0 would leave the mailbox to
            if self.evaluator.dialplan.find(call.context, key, wanted_by("1")):
                raise Unclear(What.EXTENSION, key)
        call.happens(LeftMessage(tuple(boxes.split("&")), "".join(sorted(set(options)))))

    def _dial(self, data: str) -> None:
        parts = separate(data, ",", 4)
        channels = self.plain(parts[0]) if parts else ""
        seconds = self.known(parts[1]) if len(parts) > 1 else ""
        options = self.known(parts[2]) if len(parts) > 2 else ""
        call = self.call
        read = re.fullmatch(r"([a-zA-Z]*?)(?:U\(([\w-]+)\))?([a-zA-Z]*)", options)
        if (
            not channels
            or len(parts) > 3
            or call.confirming
            or not re.fullmatch(r"\d{0,7}", seconds)
            or read is None
            or set(read[1] + read[3]) - _DIAL_FLAGS
        ):
            raise Unclear(What.ARGUMENTS, show(data))
        each = tuple(channels.split("&"))
        for channel in each:
            local = re.fullmatch(r"Local/[^@]+@([^/]+)(/.*)?", channel, re.IGNORECASE)
            if not channel or (local and local[1] in self.evaluator.dialplan.contexts):
                raise Unclear(What.ARGUMENTS, show(channel))
        plan = self.confirm(call, read[2]) if read[2] else None
        limit = int(seconds or 0) or None  # 0 is no limit either
        call.happens(Dialled(each, limit, options, call.party, plan))
        number = call.dials
        if number == _MOST_WORDS:
            raise Unclear(What.ENDLESS, str(number))
        call.dials += 1
        statuses = CAN_GO_ON if plan is None else ("ANSWER", *CAN_GO_ON)
        call.words[status_word(number)] = Word(Asked("status", number, ""), statuses)
        call.words[cause_word(number)] = Word(Asked("cause", number, ""), None)
        call.set("DIALSTATUS", status_word(number))

    def _read(self, data: str) -> None:
        parts = [self.known(part) for part in separate(data, ",", 7)]
        variable, file, most, options, _attempts, _seconds = (*parts, *[""] * 6)[:6]
        if not re.fullmatch(r"\w+", variable) or variable in BUILT_IN or options or not re.fullmatch(r"\d*", most):
            raise Unclear(What.ARGUMENTS, data)
        call = self.call
        left = self.result() if call.confirming else None
        call.happens(AskedKeys(file, int(most) if most else None, left))
        if call.readings == _MOST_WORDS:
            raise Unclear(What.ENDLESS, str(call.readings))
        word = key_word(call.readings)
        call.words[word] = Word(Asked("keys", call.readings, ""), None)
        call.readings += 1
        call.set(variable, word)

    APPLICATIONS: ClassVar[Mapping[str, Callable[[Runner, str], None]]] = {
        "answer": _answer,
        "busy": _busy,
        "congestion": _congestion,
        "dial": _dial,
        "execif": _execif,
        "execiftime": _execiftime,
        "gosub": _gosub,
        "gosubif": _gosubif,
        "goto": _goto,
        "gotoif": _gotoif,
        "gotoiftime": _gotoiftime,
        "hangup": _hangup,
        "noop": _noop,
        "playback": _playback,
        "progress": _progress,
        "read": _read,
        "return": _return,
        "ringing": _ringing,
        "saydigits": _saydigits,
        "set": _set,
        "verbose": _noop,
        "voicemail": _voicemail,
        "wait": _wait,
    }
