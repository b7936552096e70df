"""`python -m collectors.sandbox --port 8900`: the sandbox without Django."""

from collectors.sandbox.command import main

main()
