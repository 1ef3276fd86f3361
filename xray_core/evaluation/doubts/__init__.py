"""Label doubt: which labels a network disagrees with that never saw the patient.

`folds` finds the cross-validation of a run, `gather` puts the predictions of its folds together,
`compute` asks cleanlab which labels they speak against, and `kept` keeps the answer on disk. It may
be the network that is wrong: the list is one to look through, with a radiologist.
"""
