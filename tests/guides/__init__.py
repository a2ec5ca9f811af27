"""The guides of attachment (`docs/rattacher-*.md`), and PBXs that run what they say."""
