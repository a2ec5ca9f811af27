"""Asterisk: `render` writes its dialplan."""
