"""The X-Net project publishes no score; its module says what there is.

14,999 of the 112,120 images of NIH ChestX-ray14 were used, which ones is not said; of the 836
combinations of labels in the whole dataset the first diagnosis was kept, which leaves 15 classes.
The official lists of training and test images were not used. There is a model, a checkpoint and a
sample to download in the source, but their addresses are not in the text that we have.
"""

from xray_core.literature.result import PublishedResult

N_IMAGES = 14_999  # of the source's sample
N_COMBINATIONS = 836  # of labels, in all 112,120 images
RESULTS: tuple[PublishedResult, ...] = ()
