"""The subcommands of `python -m model`: one module each, with `add_arguments(parser)` and `run(args) -> int`."""
