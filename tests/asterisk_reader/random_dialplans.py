"""Random dialplans within what the reader knows: each has an entry of its own in `policyc-external`."""

from __future__ import annotations

import random
from dataclasses import dataclass

ELEMENTS = {
    "X": "0126", "Z": "126", "N": "26", "x": "0126", "[0-5]": "012", "[06]": "06", "[16]": "16", "[0-9]": "0126",
    "[1-9]": "126", "[26]": "26", "[2-69]": "26", "[012]": "012", "[01]": "01", "[02]": "02", "[12]": "12",
}  # fmt: skip
VALUES = ["0", "1", "12", "06", "0612", "+33", "a1", "1a", "10", "", " 1", "2 3"]
SETS = ["0-9", "0-4", "+0-9", "13579", "a-z0-9"]
REGEXES = ["^0", "1$", "^[0-4]+", "[13]", "(12|06)", "^.{3}$", "^0?1", "^[^0]", "a|1", "[[:digit:]]2", "2*", "^$"]
DAYS = ["*", "mon-fri", "sat&sun", "fri-mon", "tue", "sun", "mon&wed-thu"]
TIMES = ["*", "08:00-12:00", "22:00-06:00", "09:30", "00:00-23:59", "08:00-08:59&14:00-17:59", "12:00-11:59"]
MONTH_DAYS = ["*", "*", "*", "1-7", "24", "28-3", "29&30"]
MONTHS = ["*", "*", "*", "dec", "nov-feb", "feb", "jan&nov"]
OPERATORS = ["=", "!=", "<", ">", "<=", ">=", "&", "|", "+", "-", ":"]


@dataclass(frozen=True)
class Drawn:
    """A dialplan, the extension of `policyc-external` that enters it, and what it is about."""

    entry: str
    text: str
    callers: tuple[str, ...] = ()  # whose numbers it is about, beside others


def draw(seed: int, number: int) -> Drawn:
    chance = random.Random(f"{seed} {number}")
    about = chance.choice(["patterns", "patterns", "values", "values", "times", "jumps"])
    writer = Writer(chance, f"t{number}")
    text = getattr(writer, about)()
    lengths = [chance.randint(1, 5) for _ in range(6)] if about == "patterns" else []
    return Drawn(f"k{number}", text, tuple(writer.base[:length] for length in lengths))


def whole(drawn: list[Drawn]) -> str:
    entries = "".join(f"exten => {one.entry},1,Goto(t{one.entry[1:]},s,1)\n" for one in drawn)
    return f"[policyc-external]\n{entries}\n" + "\n".join(one.text for one in drawn)


@dataclass
class Writer:
    chance: random.Random
    name: str
    base: str = ""  # a number that most extensions take, or begin like

    def start(self, *lines: str) -> str:
        text = "".join(f" same => n,{line}\n" for line in lines)
        return f"[{self.name}]\nexten => s,1,Set(N=${{FILTER(0-9+a-c,${{CALLERID(num)}})}})\n{text}"

    # --- which extension takes a number ---

    def patterns(self) -> str:
        chance = self.chance
        self.base = "".join(chance.choice("0126") for _ in range(5))
        text = self.start(f"Goto({self.name}-p,${{N}},1)")
        text += f"\n[{self.name}-p]\n" + self.extensions()
        if chance.random() < 0.4:
            text += f"include => {self.name}-q\n\n[{self.name}-q]\n" + self.extensions()
        if chance.random() < 0.3:
            text += "exten => i,1,SayDigits(999)\n same => n,Hangup()\n"
        return text

    def extensions(self) -> str:
        chance = self.chance
        text = ""
        for number in range(chance.randint(1, 9)):
            priority = 1 if chance.random() < 0.9 else 2
            text += f"exten => {self.extension()},{priority},SayDigits({number}1)\n"
            if chance.random() < 0.5:
                text += f" same => n,SayDigits({number}2)\n"
            if chance.random() < 0.5:
                text += " same => n,Hangup()\n"
        return text

    def extension(self) -> str:
        chance = self.chance
        length = chance.randint(1, 4)
        if chance.random() < 0.25:
            return self.base[:length] if chance.random() < 0.6 else f"{self.base[:length]}-1"
        text = ""  # `_.` would take the extension `h` too, which runs when the call is over
        for char in self.base[:length]:
            sets = [one for one, takes in ELEMENTS.items() if char in takes]
            text += chance.choice([char, *sets]) if chance.random() < 0.9 else chance.choice("0126XN-+a")
        return f"_{text.strip('-') or 'X'}{chance.choice(['', '.', '.', '!', '!'])}"

    # --- what a text comes to ---

    def values(self) -> str:
        chance = self.chance
        lines = [f"Set({name}={self.value(1)})" for name in "AB"]
        lines += [
            chance.choice(
                [
                    f"SayDigits(7{self.value(2)})",
                    f"SayDigits(7{self.value(2)})",
                    # what ExecIf runs is not seen from outside, but what it sets is
                    f"ExecIf({self.value(2)}?Set(A=81):Set(B=82))",
                    f"ExecIf({self.value(2)}?Set(A=83))",
                    f"GotoIf({self.value(2)}?+1:+2)",
                    f"Set(_{chance.choice('AB')}={self.value(2)})",
                ]
            )
            for _ in range(chance.randint(1, 4))
        ]
        return self.start(*lines, "SayDigits(9)", "SayDigits(8${A})", "SayDigits(8${B})", "Hangup()")

    def value(self, depth: int) -> str:
        chance = self.chance
        if depth <= 0 or chance.random() < 0.25:
            return chance.choice(VALUES[:9] + "${N} ${N} ${A} ${B} ${N:1} ${N:0:2} ${N:-2} ${N:1:-1}".split())
        inner = self.value(depth - 1)
        other = self.value(depth - 1)
        name = chance.choice("NAB")
        return chance.choice(
            [
                f"$[{self.operand(inner)} {chance.choice(OPERATORS)} {self.operand(other)}]",
                f"$[{self.operand(inner)} {chance.choice(OPERATORS)} {self.operand(other)} {chance.choice('=<|&+')} 1]",
                f"$[!{self.operand(inner)} | ({self.operand(other)} = 1)]",
                f"${{LEN({inner})}}",
                f"${{IF({inner}?{other}:5)}}",
                f"${{IF($[{self.operand(inner)} = {self.operand(other)}]?1:0)}}",
                f"${{FILTER({chance.choice(SETS)},{inner})}}",
                f'${{REGEX("{chance.choice(REGEXES)}" {inner})}}',
                f"${{CUT({name},{chance.choice('126+a')},{chance.choice(['1', '2', '1-2', '2-', '1&3'])})}}",
                f"${{REPLACE({name},{chance.choice(['1', '06', '+a', '0123456789'])},{chance.choice('9b')})}}",
                f"${{REPLACE({name},{chance.choice(['1', '06', '+a'])})}}",
                f"${{{name}:{chance.randint(-3, 3)}:{chance.randint(-2, 3)}}}",
                f"{inner}{other}",
                f"${{EXISTS({inner})}}",
            ]
        )

    def operand(self, text: str) -> str:
        return f'"{text}"' if self.chance.random() < 0.6 else text or "0"

    # --- when ---

    def times(self) -> str:
        chance = self.chance
        lines = []
        for number in range(chance.randint(1, 4)):
            fields = [chance.choice(one) for one in (TIMES, DAYS, MONTH_DAYS, MONTHS)]
            ways = chance.choice([f"yes{number}", f"yes{number}:no{number}", f":no{number}"])
            lines.append(f"GotoIfTime({','.join(fields)},Europe/Paris?{ways})")
        text = self.start(*lines, "SayDigits(1)", "Hangup()")
        for number in range(4):
            text += f" same => n(yes{number}),SayDigits(2{number})\n same => n,Hangup()\n"
            text += f" same => n(no{number}),SayDigits(3{number})\n same => n,Hangup()\n"
        return text

    # --- where to ---

    def jumps(self) -> str:
        chance = self.chance
        lines = []
        for number in range(chance.randint(2, 6)):
            target = (
                f"{self.name}-s,{chance.choice(['s', '${N:0:1}', '${N}'])},{chance.choice(['1', '1', 'deep', '2'])}"
            )
            arguments = chance.choice(["", "()", f"({self.value(1)},7)", "(a)"])
            lines.append(
                chance.choice(
                    [
                        f"Gosub({target}{arguments})",
                        f"Gosub({target}{arguments})",
                        f"GosubIf({self.value(1)}?{target}{arguments}:{target})",
                        f"GotoIf({self.value(1)}?+{chance.randint(1, 2)})",
                        f"SayDigits(5${{ARG1}}${{GOSUB_RETVAL}}${{L}}{number})",
                        f"Set(L={number})",
                        f"ExecIf({self.value(1)}?Set(L=4):Goto(end))",
                    ]
                )
            )
        text = self.start(*lines, "SayDigits(6)") + " same => n(end),Hangup()\n"
        text += f"\n[{self.name}-s]\n"
        for name in ("s", "_[0-4]", "_X.", "_5!"):
            if chance.random() < 0.8:
                text += f"exten => {name},1,Set(LOCAL(L)={self.value(1)})\n"
                if chance.random() < 0.4:
                    text += f" same => n,Gosub({self.name}-s,s,deep(1))\n"
                text += " same => n(deep),SayDigits(4${L}${ARG1}${ARG2}${ARGC})\n"
                text += f" same => n,Return({chance.choice(['', '1', '${L}'])})\n" if chance.random() < 0.9 else ""
        return text
