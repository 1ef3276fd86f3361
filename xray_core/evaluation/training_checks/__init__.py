"""Training checks of a training that goes wrong, each looked for by one function of its history.

To add one: a function from `TrainingHistory` to results in the module of its theme, one line in
`diagnose.CHECKS`, and a paragraph in the guide.
"""
