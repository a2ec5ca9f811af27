"""The reader of FreeSWITCH dialplans, held to facts, to an evaluator, to recorded calls and to the interpreter."""
