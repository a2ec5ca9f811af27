"""The reader of Asterisk dialplans, held to facts, the conformance suite, the interpreter and a real Asterisk."""
