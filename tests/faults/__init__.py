"""Faults sown into generated files: a text and a seed in, texts that differ in one place out, and who judges them.

`asterisk`, `freeswitch` and `threecx` sow; `on_asterisk`, `on_freeswitch` and `on_3cx` judge by placing calls;
`proof` asks policyc. A fault that a call shows must be refused by the proof, and every refusal must be shown by a call.
"""
