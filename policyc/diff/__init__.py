"""Two policies in, the exact partition of the calls that end otherwise out, as text for people and programs.

`partition` finds the calls, `grouping` puts those that change alike together, `telling` shows them.
"""
