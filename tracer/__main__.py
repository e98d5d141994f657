"""python -m tracer"""

from tracer.cli import main

raise SystemExit(main())
