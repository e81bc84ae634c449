"""Python: AWS's own runtime client in forks of a server that has it loaded.

`family` starts the fork servers, `channel` speaks to an environment, `inside/child.py` is what runs
there. `interpreters` and `libraries` say with what.
"""
