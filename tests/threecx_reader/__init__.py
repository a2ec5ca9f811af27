"""The reader of 3CX exceptions and its proof, held to facts, an independent model, the interpreter and the renderer."""
