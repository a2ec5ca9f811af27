"""Random small dialplans, within what the evaluator reads, and calls on them."""

from __future__ import annotations

import random
from datetime import datetime
from xml.sax.saxutils import quoteattr

from .calls import Call

TIME_ZONES = {
    "Europe/Paris": "CET-1CEST,M3.5.0,M10.5.0/3",
    "America/New_York": "EST5EDT,M3.2.0,M11.1.0",
    "America/Martinique": "AST4",
    "Asia/Tokyo": "JST-9",
}
"""The zones that conditions may ask for, as timezones.conf.xml has them."""
NUMBERS = [
    "101",
    "102",
    "110",
    "1010",
    "2001",
    "0612345678",
    "+33612345678",
    "0033612345678",
    "anonymous",
    "a.b",
    "axb",
]
NAMES = ["abc", "ABC", "aab", "Dr Martin", "x y", "é", "10", "it's", "50%", "a;b"]
VALUES = ["a", "b", "aa", "abc", "10", "101", "x1", "true", "false", "0612345678", "Hello world", "é"]
EXPRESSIONS = [
    "", "^$", "^.", "1", "^10", "^10(\\d)$", "^(10)(\\d)?(\\d)?$", "^(\\d+)$", "(a|b)", "^a{2,3}$", "^(?:a|x)", "b$",
    "^(a)(b)?(c)?$", "^\\+33(\\d{9})$", "^0[67](\\d{8})$", "[^0-9]", "^[+0-9]{3,}$", "^(0033|\\+33|0)(6\\d+)$",
    "/ABC/", "/abc/i", "/^(A)(.*)$/i", "^true$", "(", "a)", "*1", "^\\d\\d\\d$", "\\S", "^\\S+\\s\\S+$", "a.b", "a\\.b",
    "a\\\\.b", "^${v1}$", "${v2}", "^(${v0})(.*)$", "^(.)(.)(.)?", "(?:a)(b)", "^.*?(\\d)",
    "^(\\d)(\\d)(\\d)(\\d)?(\\d)?",
    "^(x)?", "^(?:(a)|(b))", "^[a-c]+$", "(é)", "^.$", "^..$", "h\\s", "o w",
    "^(?!10)", "^(?=1|a).", "^(?!0).(.)", "^ANSWER$", "^(?:0[0-9]|1[01])$",
    *["^(\\d)", "^1", "^(.+)$", "(1|a)(0|.)", "0", "^(?:1|a|0|r)", "^[^+](.*)$"] * 3,
]  # fmt: skip
FIELDS = [
    "${strftime_tz(Asia/Tokyo %H)}", "${endpoint_disposition}",
    "destination_number", "destination_number", "caller_id_number", "caller_id_number", "caller_id_name", "context",
    "Destination_Number", "no_such_field", "${v0}", "${v1}", "${v2}", "x${v1}y", "${caller_id_number}", "${v0}${v1}",
    "privacy_hide_number", "rdnis", "ani", "${destination_number}", "dialplan",
]  # fmt: skip
DATA = [
    "$1", "$2-$1", "[$0]", "${1}x", "$3", "$9", "a$", "$ $x", "${v0}", "${v1}-${v2}", "${caller_id_number}",
    "${destination_number}", "${context}", "$1 ${v0}", "a\\'b", "a\\\\b", "${v0}\\\\x", "x${V1}",
    "$1$1$1$1$1$1$1$1$1$1$1$1",
    "it's ${v0}", "a,b=c", "é$1", "${rdnis}",
]  # fmt: skip


def draw(chance: random.Random, name: str, now: datetime, *, bridges: bool) -> tuple[str, list[Call]]:
    """Return the XML of contexts that begin with `name`, and calls to the first."""
    contexts = [name, f"{name}b", f"{name}c"]
    confirm = f"{name}d"
    lines: list[str] = []
    for index, context in enumerate([*contexts, confirm]):
        asking = context == confirm
        drawer = _Drawer(chance, [] if asking else contexts[index:], now, bridges and not asking, confirm)
        lines.append(f'<context name="{context}">')
        for _ in range(chance.randint(1, 4)):
            drawer.extension(lines)
        lines.append("</context>")
    calls = [
        Call(
            _any_case(chance, name),
            chance.choice(NUMBERS),
            now,
            chance.choice(NUMBERS),
            hidden=chance.random() < 0.2,
            name=chance.choice([one for one in NAMES if not set(one) & set("';")]),
        )
        for _ in range(3)
    ]
    return "\n".join(lines) + "\n", calls


def _any_case(chance: random.Random, text: str) -> str:
    return text.upper() if chance.random() < 0.1 else text


class _Drawer:
    def __init__(
        self, chance: random.Random, contexts: list[str], now: datetime, bridges: bool, confirm: str = ""
    ) -> None:
        self.chance = chance
        self.contexts = contexts  # its own, and those that it may go to
        self.now = now
        self.bridges = bridges
        self.confirm = confirm  # a context that asks a line whether it accepts

    def extension(self, lines: list[str]) -> None:
        goes_on = self._maybe("continue", ["true", "false", "yes", "1"], 0.3)
        lines.append(f"<extension{self._maybe('name', ['a', 'b', '101'], 0.7)}{goes_on}>")
        for _ in range(self.chance.choice([0, 1, 1, 1, 2, 2, 3])):
            self.condition(lines, 0)
        lines.append("</extension>")

    def condition(self, lines: list[str], depth: int) -> None:
        chance = self.chance
        attributes = self._maybe("break", ["on-true", "on-false", "always", "never"], 0.4)
        attributes += self._maybe("require-nested", ["true", "false"], 0.25)
        kind = chance.choice(["field"] * 5 + ["time"] * 2 + ["all", "any", "absolute"])
        if kind == "field":
            attributes += self.field()
        elif kind == "time":
            attributes += self.time()
        elif kind in ("all", "any"):
            attributes += f' regex="{kind}"'
        lines.append(f"<condition{attributes}>")
        if kind in ("all", "any"):
            for _ in range(chance.randint(0, 4)):
                lines.append(f"<regex{self.regex()}/>")
        for _ in range(chance.choice([0, 1, 1, 2])):
            self.action(lines, "action")
        for _ in range(chance.choice([0, 0, 0, 1])):
            self.action(lines, "anti-action")
        if depth < 3:
            for _ in range(chance.choice([0, 0, 0, 1, 1, 2])):
                self.condition(lines, depth + 1)
        lines.append("</condition>")

    def regex(self) -> str:
        """Return the attributes of a `<regex>`, but not a group of a variable, which is refused."""
        kind = self.chance.choice(["field", "field", "field", "time", "absolute"])
        if kind != "field":
            return self.time() if kind == "time" else ""
        while "$" in (text := self.field()) and "(" in text:
            pass
        return text

    def field(self) -> str:
        text = f" field={quoteattr(self.chance.choice(FIELDS))}"
        if self.chance.random() < 0.95:
            text += f" expression={quoteattr(self.chance.choice(EXPRESSIONS))}"
        return text

    def time(self) -> str:
        chance, now = self.chance, self.now
        near = {
            "year": now.year, "yday": now.timetuple().tm_yday, "mon": now.month, "mday": now.day, "hour": now.hour,
            "minute": now.minute, "minute-of-day": now.hour * 60 + now.minute + 1, "wday": now.isoweekday() % 7 + 1,
            "week": (now.timetuple().tm_yday - 1) // 7 + 1, "mweek": (now.day - 1) // 7 + 1, "time-of-day": now.hour,
        }  # fmt: skip
        text = ""
        for name in chance.sample(sorted(near), chance.choice([1, 1, 1, 2, 3])):
            parts = [self._span(name, near[name]) for _ in range(chance.choice([1, 1, 2]))]
            text += f' {name}="{",".join(parts)}"'
        return text

    def _span(self, name: str, near: int) -> str:
        chance = self.chance
        first, last = (near + chance.randint(-3, 3) for _ in range(2))
        if name == "wday":
            days = ["sun", "mon", "tue", "wed", "thu", "fri", "Sat"]
            first, last = (first - 1) % 7 + 1, (last - 1) % 7 + 1
            both = [str(day) if chance.random() < 0.5 else days[day - 1] for day in (first, last)]
            return both[0] if chance.random() < 0.3 else "-".join(both)
        if name == "time-of-day":
            clocks = [f"{hour % 25:02}:{chance.choice(['00', '30', '59'])}" for hour in (first, last)]
            if chance.random() < 0.6:
                clocks = [f"{clock}:{chance.choice(['00', '59'])}" for clock in clocks]
            return "-".join(clocks)
        first, last = max(first, 0), max(last, 0)
        return str(first) if chance.random() < 0.3 else f"{first}-{last}"

    def action(self, lines: list[str], element: str) -> None:
        chance = self.chance
        inline = self._maybe("inline", ["true", "false"], 0.45)
        application = "other" if self.bridges and chance.random() < 0.3 else ""
        application = application or chance.choice(
            ["set"] * 8 + ["log", "eval", "unset", "multiset", "export", "multiunset", "other"]
        )
        name = f"v{chance.randrange(4)}"
        data = chance.choice(VALUES + DATA)
        match application:
            case "set":
                sign, value = "=" if chance.random() < 0.95 else ",", data if chance.random() < 0.95 else ""
                text = f"{_any_case(chance, name)}{sign}{value}"
                if chance.random() < 0.05:
                    zone = f"timezone={chance.choice(sorted(TIME_ZONES))}"
                    text = chance.choice(
                        [zone, zone, f"tod_tz_offset={chance.choice(['', '3', '-5', '+1', 'x', '0'])}"]
                    )
            case "export":
                text = f"{chance.choice(['', '', 'nolocal:'])}{name}={data}"
            case "multiset":
                text = chance.choice([f"{name}={data} v4=1", f"^^;{name}={data};v4=a b"])
            case "unset" | "multiunset":
                text = name if application == "unset" else f"{name} v4"
            case "other":
                application, text, inline = *self.other(), ""
            case _:
                text = f"INFO {data}" if application == "log" else data
        loop = self._maybe("loop", ["0", "2"], 0.05)
        lines.append(f"<{element} application={quoteattr(application)} data={quoteattr(text)}{inline}{loop}/>")

    def other(self) -> tuple[str, str]:
        chance = self.chance
        number = chance.choice([*NUMBERS[:5], "$1", "${v0}", "${destination_number}"])
        later = self.contexts[1:]
        if self.bridges and chance.random() < 0.7:
            return self.bridge()
        if not later or chance.random() < 0.3:
            if chance.random() < 0.3:
                return "answer", ""
            if self.contexts and chance.random() < 0.2:
                return "transfer", f"{number} XML {_any_case(chance, self.contexts[0])}"
            return "hangup", chance.choice(["", "USER_BUSY", "no_answer", "17", "CALL_REJECTED"])
        target = chance.choice(later)
        if chance.random() < 0.5:
            return "execute_extension", chance.choice([f"{number} XML {target}", f"'{number}' XML {target}"])
        return "transfer", f"{number} XML {chance.choice([target, target, target.upper(), 'nowhere-' + target])}"

    def bridge(self) -> tuple[str, str]:
        chance = self.chance
        pick = chance.random()
        if pick < 0.2:
            causes = chance.choice(["true", "false", "user_busy", "NO_ANSWER,17", "806", "USER_NOT_REGISTERED,19"])
            return "set", f"continue_on_fail={causes}"
        if pick < 0.3:
            return "set", f"hangup_after_bridge={chance.choice(['true', 'false'])}"
        if pick < 0.5:
            return "set", "call_timeout=3"
        line = chance.choice(["answer", "busy", "unavailable", "noanswer", "noanswer"])
        before = chance.choice(
            ["", "{leg_timeout=1}", "{originate_timeout=1}", "[leg_timeout=1]", "{originate_timeout='2'}"]
        )
        # a limit of one second may be over at once, of the clock's seconds
        far = before.replace("1", "9").replace("2", "9")
        before = far if line != "noanswer" else before or "{originate_timeout=1}"
        if chance.random() < 0.3:
            asked = f"execute_extension {chance.choice(['a', '101', '$1'])} XML {self.confirm}"
            before += f"{{group_confirm_key=exec,group_confirm_file='{asked}',group_confirm_cancel_timeout=true}}"
            if before.startswith("["):
                limit, before = before[: before.index("]") + 1], before[before.index("]") + 1 :]
                before += limit
        return "bridge", f"{before}loopback/{line}/phones"

    def _maybe(self, name: str, values: list[str], odds: float) -> str:
        return f' {name}="{self.chance.choice(values)}"' if self.chance.random() < odds else ""
