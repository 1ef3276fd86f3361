"""Symptoms of a training that goes wrong, each looked for by one function of its course.

To add one: a function from `Course` to symptoms in the module of its theme, one line in
`diagnose.CHECKS`, and a paragraph in the guide.
"""
