"""The files of NIH ChestX-ray14 as the NIH Clinical Center publishes them.

Addresses of the archives: `batch_download_zips.py`, their MD5: `FAQ_CHESTXRAY.pdf`, question 7,
both published beside them. Sizes: as the server says. The tables have no published checksums:
theirs are SHA-256 of the files as they were in 2026, the same in all copies that were compared.

Source: https://nihcc.app.box.com/v/ChestXray-NIHCC
"""

from xray_core.datasets.published import PublishedFile

_ARCHIVE = "https://nihcc.box.com/shared/static/"
_TABLE = (
    "https://nihcc.app.box.com/index.php?rm=box_download_shared_file"
    "&vanity_name=ChestXray-NIHCC&file_id=f_"
)
# (name in the address, bytes, MD5, images)
_ARCHIVES = (
    ("vfk49d74nhbxq3nqjg0900w5nvkorp5c", 2008470987, "fe8ed0a6961412fddcbb3603c11b3698", 4999),
    ("i28rlmbvmfjbl8p2n3ril0pptcmcu9d1", 3952623504, "ab07a2d7cbe6f65ddd97b4ed7bde10bf", 10000),
    ("f1t00wrtdk94satdfb9olcolqx20z2jp", 3929234850, "2301d03bde4c246388bad3876965d574", 10000),
    ("0aowwzs5lhjrceb3qp67ahp0rd1l1etg", 3838903983, "9f1b7f5aae01b13f4bc8e2c44a4b8ef6", 10000),
    ("v5e3goj22zr6h8tzualxfsqlqaygfbsn", 3935496531, "1861f3cd0ef7734df8104f2b0309023b", 10000),
    ("asi7ikud9jwnkrnkj99jnpfkjdes7l6l", 3986301172, "456b53a8b351afd92a35bc41444c58c8", 10000),
    ("jn1b4mw4n6lnh74ovmcjb8y48h8xj07n", 4016328426, "1075121ea20a137b87f290d6a4a5965e", 10000),
    ("tvpxmn7qyrgl0w8wfh9kqfjskv6nmm1j", 4018347353, "b61f34cec3aa69f295fbb593cbd9d443", 10000),
    ("upyy3ml7qdumlgk2rfcvlb9k6gvqq2pj", 4111327929, "442a3caa61ae9b64e61c561294d1e183", 10000),
    ("l6nilvfa9cg3s28tqv1qc1olm3gnz54p", 4181556296, "09ec81c4c31e32858ad8cf965c494b74", 10000),
    ("hhq8fkdgvcari67vfhs7ppg2w6ni4jze", 4187084020, "499aefc67207a5a97692424cf5dbeed5", 10000),
    ("ioqwiy20ihqwyr8pf4c24eazhh281pbu", 2914187733, "dc9fda1757c2de0032b63347a7d2895c", 7121),
)

NIH_FILES = (
    PublishedFile(
        "Data_Entry_2017_v2020.csv",
        f"{_TABLE}219760887468",
        9003496,
        "sha256:c69a6daca3549af707ca9cacbdf9f9a7b6a9188e8c61157df653520bb72d8eb1",
        "findings, patient, age, sex and view position of all 112,120 images",
        is_table=True,
    ),
    PublishedFile(
        "BBox_List_2017.csv",
        f"{_TABLE}219760940956",
        92416,
        "sha256:0bbfea9d4c4e9771481b3023b1bc9f0df9dea924453b12986beb29b0c4d0c95b",
        "984 boxes on 880 images",
        is_table=True,
    ),
    PublishedFile(
        "train_val_list.txt",
        f"{_TABLE}256056636701",
        1470907,
        "sha256:61fbe896321c1c1c8b75f3e4f3a08e4fef6486d95ef8a667c31d4d60dca6cb81",
        "the 86,524 images for training and validation",
        is_table=True,
    ),
    PublishedFile(
        "test_list.txt",
        f"{_TABLE}256055473534",
        435131,
        "sha256:38ca5ef7f756092946f57c1a59faca882ed589a1ab1f72590b45dc06c6d5e1cc",
        "the 25,596 images for testing",
        is_table=True,
    ),
    *(
        PublishedFile(
            f"images_{number:03d}.tar.gz",
            f"{_ARCHIVE}{key}.gz",
            n_bytes,
            f"md5:{md5}",
            f"{n_images:,} images",
        )
        for number, (key, n_bytes, md5, n_images) in enumerate(_ARCHIVES, 1)
    ),
)
