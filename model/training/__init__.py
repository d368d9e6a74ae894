"""Training the storytellers: text to tokens (corpus), recipes, optimiser, loop, evaluation.

Knows nothing about the app.  `python -m model train` and `python -m model evaluate` start here.
"""
