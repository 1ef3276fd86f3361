"""What the fakes of datasets whose files or reports name the labels are read as."""

from tests.datasets.expected import Expected

NAMED_EXPECTED = {
    "montgomery": Expected(
        image="CXR_png/MCUCXR_0104_1",
        values={
            "findings": "tuberculosis",
            "age": 40.0,
            "gender": "M",
            "reading": "opacity in RUL; TB",
            "mask_path": "ManualMask/leftMask/MCUCXR_0104_1.png",
        },
        counts={"patients": 0, "masks": 4, "absent": 0},
        remarks={"unjoined_row": 1, "unclear_cell": 1, "missing_table": 0, "unread_image": 0},
        tasks={"montgomery": [3, 2]},
    ),
    "shenzhen": Expected(
        image="CXR_png/CHNCXR_0662_1",
        values={"findings": "tuberculosis", "gender": "M", "reading": "secondary PTB"},
        counts={"patients": 0, "absent": 0, "masks": 0},
        remarks={"unjoined_row": 1, "unclear_cell": 0},
        tasks={"shenzhen": [3, 3]},
    ),
    "montgomery_shenzhen": Expected(
        image="CXR_png/CHNCXR_0327_1",
        values={
            "findings": "tuberculosis",
            "site": "Shenzhen",
            "age": 28.0,
            "reading": "right upper PTB with fibrous changes",
            "mask_path": "masks/CHNCXR_0327_1_mask.png",
        },
        counts={"masks": 3, "absent": 0},
        remarks={"repeated_name": 1, "stray_file": 0, "unread_image": 0},
        tasks={"montgomery_shenzhen": [6, 5]},
    ),
    "covid_qu_ex": Expected(
        image="COVID-19/images/covid_1",
        values={"findings": "COVID-19", "published_split": "test"},
        counts={"training": 3, "validation": 1, "test": 2, "masks": 7},
        remarks={"repeated_name": 2, "stray_file": 0, "unread_image": 0, "empty_mask": 1},
        tasks={"covid_qu_ex": [3, 1, 2]},
    ),
    "covidx": Expected(
        image="MIDRC-RICORD-1C-419639-003251-46647-0",
        values={"findings": "positive", "patient_id": "419639-003251", "site": "ricord"},
        counts={"patients": 5, "training": 4, "test": 2, "absent": 1},
        remarks={"absent_image": 1, "stray_file": 1},
        tasks={"covidx_covid": [3, 3], "covidx_cause": [0, 0, 3]},
    ),
    "openi": Expected(
        image="2_IM-0652-2001.dcm",
        values={
            "findings": "Cardiomegaly|Pulmonary Artery",
            "study_id": "2",
            "view_position": "LATERAL",
            "reading": (
                "Findings: Borderline cardiomegaly. Impression: No acute pulmonary findings."
            ),
        },
        counts={"patients": 0, "studies": 5, "absent": 1, "unlabelled": 1},
        remarks={"absent_image": 1, "stray_file": 1, "unclear_cell": 0},
        tasks={"openi_abnormal": [3, 3], "openi_findings": [2, 1, 0, 0, 0, 0]},
    ),
    "openi_xml": Expected(
        image="CXR1_1_IM-0001-4001",
        values={
            "findings": "normal",
            "study_id": "1",
            "reading": (
                "Findings: The cardiac silhouette is normal. Impression: Normal chest x-XXXX."
            ),
        },
        counts={"patients": 0, "studies": 5, "unlabelled": 2},
        remarks={"unjoined_row": 1, "unreadable_table": 1},
        tasks={"openi_xml_abnormal": [2, 2], "openi_xml_findings": [1, 1, 0, 0, 0, 0]},
    ),
    "jsrt": Expected(
        image="Nodule154images/JPCLN002",
        values={
            "findings": "malignant nodule",
            "gender": "F",
            "reading": "malignant, r.upper lobe lung cancer, subtlety 5",
            "original_width": 2048,
        },
        counts={"patients": 0, "boxes": 3, "unlabelled": 0},
        remarks={"unjoined_row": 1, "broken_boxes": 1},
        tasks={"jsrt_nodule": [2, 5], "jsrt_malignant": [2, 2]},
        boxes=[("malignant nodule", 938.29, 938.29, 171.43, 171.43)],
    ),
}
