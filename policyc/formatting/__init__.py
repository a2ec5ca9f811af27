"""A policy in, the same in its canonical layout out: `tokens`, `plans`, `layout`, `formatter` in turn."""

from policyc.formatting.formatter import Formatted, UnfaithfulError, format_data, format_files

__all__ = ["Formatted", "UnfaithfulError", "format_data", "format_files"]
