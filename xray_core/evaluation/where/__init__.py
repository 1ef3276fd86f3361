"""Whether heat maps lie where radiologists drew boxes: scores, what they are compared with, files.

cases      which boxed images of a run are scored, for which class, and which are left out
scores     one map against the boxes of one image
baselines  maps that know nothing of the image
summary    the scores of all images, with intervals by patient
files      what `explain.boxes` keeps of a run
    words      what the figures say, in sentences

The maps themselves, and those of untrained networks, take Keras: see `explain.boxes`.
"""
