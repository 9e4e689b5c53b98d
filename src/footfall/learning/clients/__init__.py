"""The clients of learning's jobs, one file each: `python -m footfall.learning.clients.NAME RUN DAY…`."""
