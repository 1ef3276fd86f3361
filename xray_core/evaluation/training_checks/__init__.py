"""Training checks: what may go wrong in a training, each a function of its history.

To add one: a function from `TrainingHistory` to results in the module of its theme, one entry of
`diagnose.CHECKS`, and a paragraph in the guide.
"""
