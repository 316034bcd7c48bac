"""Real servers for tests and benchmarks: each starts on a free loopback port and stops with its starter.

``tests/conftest.py`` offers them as session fixtures; scripts use them as context managers:
``with postgresql.start(folder) as server: ...``.
"""
