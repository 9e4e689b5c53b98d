"""The consoles on which verbs and the installation print: stdout for results, stderr for progress and errors."""

import sys

from rich.console import Console

# Output to a file or a pipe is not wrapped to a terminal's width.
stdout = Console(highlight=False, width=None if sys.stdout.isatty() else 100_000)
stderr = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else 100_000)
