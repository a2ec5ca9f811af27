"""Dialplans written by hand, one matter each in which a reader may be wrong, with the calls that tell.

`@` is the context that calls come to; `@x` and `@y` are others of the same dialplan.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import product
from zoneinfo import ZoneInfo

from freeswitch_reader.on_freeswitch import CLOCK, Call

PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 11, 23, 10, tzinfo=PARIS)
MOBILE = "0612345678"
TELLS = '<action application="playback" data="%s ${v0}/${v1}/${v2}"/>'


@dataclass(frozen=True, slots=True)
class Trap:
    """A dialplan and calls on it: each caller to each number, at each instant, with lines in each state."""

    name: str
    text: str
    callers: tuple[str, ...] = (MOBILE,)
    called: tuple[str, ...] = ("102",)
    hidden: tuple[bool, ...] = (False,)
    states: tuple[str, ...] = ("noanswer",)
    at: tuple[datetime, ...] = (MONDAY,)

    def calls(self) -> tuple[str, list[Call]]:
        """Return the dialplan and the calls."""
        every = product(self.callers, self.called, self.hidden, self.states, self.at)
        calls = [
            Call(self.name, called, caller, hidden, at, {"102": state, "103": state, MOBILE: state}, number % 4 * 2)
            for number, (caller, called, hidden, state, at) in enumerate(every)
        ]
        return self.text.replace("@", f"policyc-{self.name}"), calls


def _context(*extensions: str, name: str = "@", more: str = ' continue="true"') -> str:
    inside = "\n".join(f"<extension{more}>{one}</extension>" for one in extensions)
    return f'<context name="{name}">{CLOCK if name == "@" else ""}{inside}</context>'


def _if(attributes: str, *inside: str) -> str:
    return f"<condition{' ' if attributes else ''}{attributes}>{''.join(inside)}</condition>"


def _set(data: str, more: str = "") -> str:
    return f'<action application="set" data="{data}"{more}/>'


INLINE = ' inline="true"'


def _app(name: str, data: str = "") -> str:
    return f'<action application="{name}" data="{data}"/>'


def _number(expression: str, *inside: str, more: str = "") -> str:
    return _if(f'field="caller_id_number" expression="{expression}"{more}', *inside)


_ALL_CALLERS = ("0612345678", "+33612345678", "0033612345678", "33612345678", "612345678", "anonymous", "101", "0", "+",
                "06 12 34 56 78", "0612345678;verstat=x", "0612345678@host", "09012345678901")  # fmt: skip
_CANONICAL = (
    _number(r"^(?:\+|00)33([1-9]\d{8})$", _set("v0=0$1", INLINE)),
    _number(r"^(0[1-9]\d{8})$", _set("v0=$1", INLINE)),
    _number(r"^33([1-9]\d{8})(?:[;@].*)?$", _set("v0=0$1", INLINE)),
    _number(r"^(\d{1,5})$", _set("v0=$1", INLINE), '<anti-action application="set" data="v2=long" inline="true"/>'),
)
_OUT = "loopback/ext-102/phones"
_STATES = ("noanswer", "busy", "unavailable", "leave")
_WEEK = tuple(datetime(2026, 11, 22 + day, hour, minute, tzinfo=PARIS) for day in range(7)
              for hour, minute in ((0, 0), (8, 59), (9, 0), (12, 0), (17, 59), (18, 0), (23, 59)))  # fmt: skip


def _dial(*actions: str) -> str:
    return _context(_if("", *actions, _app("bridge", _OUT), _app("playback", "behind ${originate_disposition}")))


TRAPS = (
    Trap("canonical", _context(
        *_CANONICAL,
        _if('field="${v0}" expression="^06123(\\d)5678$"', _set("v1=six$1"), TELLS % "mobile"),
        _if('field="${v0}" expression="^(?!06)0"', TELLS % "national",
        '<anti-action application="playback" data="no"/>'),
        _if('field="${v0}" expression="^$"', TELLS % "none"), _if("", TELLS % "end"),
    ), _ALL_CALLERS),
    Trap("captured", _context(
        _if('field="caller_id_number" expression="^(0)(6)(.*)$" break="never"', _set("v0=$3-$2-$1", INLINE))
        + _if('field="destination_number" expression="^(.)(.)?" break="never"', _set("v1=$1$2", INLINE), TELLS % "a $1")
        + _if("", TELLS % "b $1$2"),
        _if("", TELLS % "end"),
    ), _ALL_CALLERS[:7], ("102", "7")),
    Trap("anti", _context(
        _number("^06", '<anti-action application="set" data="v0=other" inline="true"/>', _set("v0=mobile", INLINE),
                more=' break="never"')
        + _if('field="${v0}" expression="^mobile$"', TELLS % "yes",
              '<anti-action application="playback" data="no"/>'),
    ), _ALL_CALLERS[:7]),
    Trap("nested", _context(
        _number("^0", TELLS % "outer", _if('field="destination_number" expression="^102$" break="never"', TELLS % "in"),
                TELLS % "after", more=' require-nested="false"'),
        _number("^0", TELLS % "must", _if('field="destination_number" expression="^102$"', TELLS % "in")),
        _if("", TELLS % "end"),
    ), ("0612345678", "+1", "101"), ("102", "103")),
    Trap("choice", _context(
        '<condition regex="any"><regex field="caller_id_number" expression="^06"/>'
        '<regex wday="1,7"/>' + TELLS % "any" + '<anti-action application="playback" data="neither"/></condition>',
        '<condition regex="all"><regex field="caller_id_number" expression="^0(.)"/>'
        '<regex wday="2-6" time-of-day="09:00-17:59:59"/>' + TELLS % "all" + "</condition>",
    ), ("0612345678", "+33612345678"), at=_WEEK),
    *(Trap(f"hours-{at}", _context(*(_if(one, TELLS % one.replace('"', "")) for one in attributes)),
    at=_WEEK[at % 3 :: 3])
      for at, attributes in enumerate((
          ('wday="2-6" time-of-day="09:00-17:59:59"', 'wday="mon-fri"', 'wday="sat-sun"', 'wday="6-2"', 'wday="1,3,5"'),
          ('time-of-day="18:00-08:59:59"', 'time-of-day="09:00-12:00:59"', 'time-of-day="00:00-23:59:59"',
          'wday="7-1"'),
          ('year="2026" mon="11" mday="22-24"', 'mon="11" mday="22,28"', 'mon="11-2"', 'year="2025-2026" mday="1-25"'),
          ('time-of-day="09:00-12:00"',), ('hour="9-17"',), ('minute-of-day="1-540"',), ('yday="326-328"',),
          ('mweek="4"',),
      ))),
    Trap("summer", _context(
        *(_if(attributes, TELLS % number) for number, attributes in enumerate((
            'time-of-day="02:00-02:59:59"', 'time-of-day="03:00-03:59:59"', 'time-of-day="01:00-01:59:59"', 'wday="1"',
        )))),
        at=tuple(datetime(2026, *at, tzinfo=PARIS) for at in (
            (3, 29, 1, 59), (3, 29, 3, 0), (3, 29, 4, 0), (10, 25, 1, 59), (10, 25, 2, 30), (10, 25, 3, 0)))),
    *(Trap(f"limit-{at}", _dial(_set("hangup_after_bridge=true"), _set("continue_on_fail=true"), *actions),
           states=("noanswer", "busy"))
      for at, actions in enumerate((
          (_set("call_timeout=20"),), (_set("call_timeout=0"),), (_set("call_timeout="),),
          (_set("call_timeout=x"),), (_set("originate_timeout=5"),), (_set("leg_timeout=7"),),
          (_set("call_timeout=20"), _app("unset", "call_timeout")), (_app("export", "call_timeout=9"),),
          (_set("call_timeout=20"), _app("export", "leg_timeout=8")),
      ))),
    *(Trap(f"string-{at}", _context(_if("", _set("call_timeout=30"), _set("x=leg_timeout=4"), _app("bridge", string))),
           hidden=(False, True))
      for at, string in enumerate((
          "{leg_timeout=5}" + _OUT, "[leg_timeout=5]" + _OUT, "{leg_timeout=50}" + _OUT, "{originate_timeout=6}" + _OUT,
          "{originate_timeout=6,leg_timeout=9}" + _OUT, "{call_timeout=6}" + _OUT, "{${x}}" + _OUT,
          "{leg_timeout=}" + _OUT,
          "{origination_privacy=hide_number}" + _OUT, "{origination_privacy=hide_name}" + _OUT,
          "{origination_privacy=hide_name:hide_number}" + _OUT, "{origination_privacy=full}" + _OUT,
          "{origination_privacy=none}" + _OUT, "{origination_caller_id_number=0142685300}" + _OUT,
          "{origination_caller_id_number=0142685300,origination_caller_id_name=Standard}" + _OUT,
          "[origination_caller_id_number=0142685300]" + _OUT, "{effective_caller_id_number=0142685300}" + _OUT,
          "{x=1}{leg_timeout=5}" + _OUT, "{origination_caller_id_number=anonymous}" + _OUT,
          "{leg_timeout=5}" + _OUT + " ",
      ))),
    *(Trap(f"shown-{at}", _dial(*actions), hidden=(False, True), callers=(MOBILE, "+33612345678"))
      for at, actions in enumerate((
          (_set("effective_caller_id_number=0142685300"),), (_set("effective_caller_id_name=Standard"),),
          (_set("effective_caller_id_number="),), (_app("export", "origination_caller_id_number=0142685300"),),
          (_set("origination_privacy=hide_number"),), (_app("export", "origination_privacy=hide_number"),),
          (_app("privacy", "full"),), (_app("privacy", "no"),), (_app("set_profile_var", "caller_id_number=1"),),
          (_set("caller_id_number=1"),), (_app("privacy", "number"),),
      ))),
    *(Trap(f"fails-{at}", _dial(*actions), states=_STATES)
      for at, actions in enumerate((
          (), (_set("continue_on_fail=true"),), (_set("continue_on_fail=false"),),
          (_set("continue_on_fail=USER_BUSY"),),
          (_set("continue_on_fail=user_busy,NO_ANSWER"),), (_set("continue_on_fail=17"),),
          (_set("continue_on_fail=17 19"),),
          (_set("continue_on_fail="),), (_set("continue_on_fail=TRUE"),), (_set("continue_on_fail=1"),),
          (_set("continue_on_fail=NORMAL_CLEARING"),), (_set("failure_causes=USER_BUSY"),),
          (_set("continue_on_fail=USER_NOT_REGISTERED"), _set("hangup_after_bridge=true")),
      ))),
    *(Trap(f"ends-{at}", _context(_if("", *actions, TELLS % "behind"))) for at, actions in enumerate((
        (_app("hangup"),), (_app("hangup", "USER_BUSY"),), (_app("hangup", "user_busy"),), (_app("hangup", "17"),),
        (_app("hangup", "nonsense"),), (_app("answer"), _app("hangup", "USER_BUSY")),
        (_app("transfer", "103 XML @x"), TELLS % "queued"), (_app("transfer", "103"),), (_app("transfer",
        "103 xml @x"),),
        (_app("transfer", "${destination_number}1 XML @x"),), (_app("execute_extension", "103 XML @x"), TELLS % "on"),
        (_app("transfer", "103 XML default"),), (_app("transfer", "103 XML"),), (_app("sleep", "100"), _app("answer")),
        (_app("voicemail", "default ${domain_name} ${destination_number}"),),
        (_app("say", "fr number iterated ${destination_number}"),), (_app("log", "INFO x"), _app("eval", "x")),
        (_app("answer"), _app("answer"), _app("pre_answer")),
    ))),
    *(Trap(f"transfer-{at}", _context(_if("", _set("v0=a"), _set("v1=b", INLINE), _app("transfer", data)))
           + _context(_if("", TELLS % "x ${rdnis} ${destination_number}"), name="@x")
           + _context(_if('field="destination_number" expression="^(1)03$"', TELLS % "y $1"), name="@y"))
      for at, data in enumerate(("103 XML @x", "103 XML @X", "103 XML @y", "104 XML @y", "1$03 XML @y",
      "'103' XML @y"))),
    Trap("branches", _context(
        _if("", _app("execute_extension", "2001 XML @x"), TELLS % "first", _set("v2=late"), TELLS % "second"),
    ) + _context(_if('wday="1"', _set("v0=sunday")), name="@x", more=""),
        at=(MONDAY, datetime(2026, 11, 22, 10, tzinfo=PARIS))),
    Trap("branches-both", _context(
        _if("", _app("execute_extension", "2001 XML @x"), TELLS % "first", _set("v2=late"), TELLS % "second"),
    ) + _context(_if('wday="1"', _set("v0=sunday"), '<anti-action application="set" data="v1=week"/>'), name="@x"),
        at=(MONDAY, datetime(2026, 11, 22, 10, tzinfo=PARIS))),
    Trap("by-number", _context(
        _number("^06", _set("v0=mobile"), _app("execute_extension", "1 XML @x"), TELLS % "mobile ${v1}"),
        _number("^0[1-5]", _set("v0=fixed"), _app("execute_extension", "2 XML @x"), TELLS % "fixed ${v1}"),
    ) + _context(_if('field="${v0}" expression="^m"', _set("v1=m"), '<anti-action application="set" data="v1=f"/>'),
                 name="@x"), ("0612345678", "0142685300", "101")),
)  # fmt: skip
