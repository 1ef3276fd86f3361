"""The one vocabulary of the interface, the docs and the code; each sentence is the hover help.

One word for one thing. `docs/glossary.md` is this table as text; a test holds them together.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """What one word means.

    Attributes:
        meaning: one sentence, shown where the mouse rests on the word.
        spanish: the word as it is taught in Spain.
    """

    meaning: str
    spanish: str


# Part of the glossary -> term -> what it means.
GLOSSARY: dict[str, dict[str, Term]] = {
    "Data": {
        "image": Term(
            "One chest X-ray picture, as a file.",
            "imagen (radiografía)",
        ),
        "dataset": Term(
            "A folder of images with their labels, as somebody published or collected it.",
            "conjunto de datos",
        ),
        "synthetic image": Term(
            "An image drawn by this program; it looks like a chest X-ray and shows no real person.",
            "imagen sintética",
        ),
        "study": Term(
            "The images taken of one patient on one occasion.",
            "estudio",
        ),
        "patient": Term(
            "The person that images belong to; all images of one patient stay in one subset.",
            "paciente",
        ),
        "finding": Term(
            "Something that a radiologist saw, such as *effusion* or *nodule*.",
            "hallazgo",
        ),
        "label": Term(
            "What an image is said to show, by the dataset's own source.",
            "etiqueta",
        ),
        "doubtful label": Term(
            "A label that a network disagrees with which never saw the patient; it may be the "
            "network that is wrong.",
            "etiqueta dudosa",
        ),
        "mark as doubtful": Term(
            "What somebody said of a label after a look at the image, so that a training can leave "
            "the image out.",
            "marca de duda",
        ),
        "task": Term(
            "The question that a network is asked, with its classes, such as *Opacity or not?*",
            "tarea",
        ),
        "class": Term(
            "One possible answer to the task.",
            "clase",
        ),
        "multi-label": Term(
            "A task in which several answers may be right at once.",
            "multietiqueta",
        ),
        "box": Term(
            "A rectangle in which a radiologist marked a finding (bounding box).",
            "recuadro",
        ),
        "present finding": Term(
            "The dataset says that the image shows the finding (1 in a table).",
            "hallazgo presente",
        ),
        "absent finding": Term(
            "The dataset says that the image does not show the finding (0 in a table).",
            "hallazgo ausente",
        ),
        "unknown finding": Term(
            "The dataset says neither that the image shows the finding nor that it does not; it is "
            "then not learnt from and not evaluated.",
            "hallazgo desconocido",
        ),
        "mask": Term(
            "An image of the same size that marks pixels, such as the lungs.",
            "máscara",
        ),
        "lung mask": Term(
            "A mask that is white where the lungs are; drawn as a coloured area.",
            "máscara pulmonar",
        ),
        "mask of a finding": Term(
            "A mask that marks what is seen, such as a lesion; drawn as an outline.",
            "máscara de un hallazgo",
        ),
        "run lengths": Term(
            "A mask as text: where each run of marked pixels starts, and how long it is, counted "
            "down each column from the top left.",
            "codificación por longitud de series (RLE)",
        ),
        "import notes": Term(
            "How a folder was opened, and what was left out or guessed, each with its count.",
            "notas de importación",
        ),
        "uncertain": Term(
            "Of a finding that was neither confirmed nor excluded; tables write −1.",
            "incierto",
        ),
        "mapping": Term(
            "What says how a folder is read: which column, folder or name gives the label, the "
            "patient and so on; kept as xray_dataset.json.",
            "correspondencia de columnas",
        ),
        "view position": Term(
            "How the patient stood or lay: PA (from back to front), AP (from front to "
            "back), lateral.",
            "proyección",
        ),
        "prevalence": Term(
            "The share of patients who really have what is looked for.",
            "prevalencia",
        ),
        "selection": Term(
            "The images that are left when conditions are set, such as an age; a network can be "
            "trained on them alone.",
            "selección",
        ),
        "class imbalance": Term(
            "Some classes have far more images than others.",
            "desequilibrio de clases",
        ),
        "confounder": Term(
            "A property that goes with the label without causing it, such as the hospital.",
            "factor de confusión",
        ),
        "shortcut": Term(
            "Something easy in the image, such as a marker, that gives the label away.",
            "atajo",
        ),
    },
    "Splitting": {
        "training set": Term(
            "The images from which the network learns.",
            "conjunto de entrenamiento",
        ),
        "validation set": Term(
            "The images on which settings, epoch and threshold are chosen.",
            "conjunto de validación",
        ),
        "test set": Term(
            "The images that nothing was chosen on; looked at once, at the end.",
            "conjunto de prueba",
        ),
        "opening the test set": Term(
            "Looking at a run's test figures; each look is written down and counted, for it makes "
            "the test set less of a test.",
            "apertura del conjunto de prueba",
        ),
        "subset": Term(
            "Any of the three.",
            "subconjunto",
        ),
        "split": Term(
            "The division of a dataset into subsets.",
            "partición",
        ),
        "split by patient": Term(
            "A split in which no patient is in two subsets.",
            "partición por paciente",
        ),
        "target-domain hold-out": Term(
            "A split of a union of datasets that tests on images of one of them, the target "
            "domain, and learns from the others and from what is left of it.",
            "reserva del dominio de destino",
        ),
        "the thesis' test set": Term(
            "Of SIIM-FISABIO-RSNA COVID-19 the last fifth of the images by id, on which the SIIM "
            "thesis tested; many of their patients also train unless they are kept apart.",
            "conjunto de prueba de la tesis",
        ),
        "the thesis' validation set": Term(
            "The fifth of the SIIM images on which the first experiments of the SIIM thesis "
            "validated, by study or shuffled, without a test set.",
            "conjunto de validación de la tesis",
        ),
        "one site apart": Term(
            "A split whose test set is all images of one hospital or collection, the site.",
            "un centro aparte",
        ),
        "leak": Term(
            "The same patient, study or picture in two subsets: the result looks better "
            "than it is.",
            "fuga de datos",
        ),
        "fold, cross-validation": Term(
            "The dataset in k parts, each of which is the test set once.",
            "pliegue, validación cruzada",
        ),
        "external data": Term(
            "Images from another hospital or source than the training set.",
            "datos externos",
        ),
        "distribution shift": Term(
            "The images in use differ from those in training (data mismatch).",
            "cambio de distribución",
        ),
    },
    "Preprocessing and training": {
        "preprocessing": Term(
            "What is done to every image, always the same way, before the network sees it.",
            "preprocesamiento",
        ),
        "histogram equalization": Term(
            "Spreads the gray levels so that each is used about as often.",
            "ecualización del histograma",
        ),
        "CLAHE": Term(
            "Equalization in small tiles with a limit on contrast.",
            "CLAHE (ecualización adaptativa)",
        ),
        "window and level": Term(
            "The range of gray values that is shown, and its middle.",
            "ancho y centro de ventana",
        ),
        "augmentation": Term(
            "Random changes of training images, such as small turns, so that the network "
            "sees more variety.",
            "aumento de datos",
        ),
        "recipe": Term(
            "All settings of a training, from the data to the last epoch.",
            "receta",
        ),
        "run": Term(
            "One training of a recipe, with everything that came of it.",
            "ejecución",
        ),
        "epoch": Term(
            "One pass over the training set.",
            "época",
        ),
        "batch": Term(
            "The images that one step learns from.",
            "lote",
        ),
        "loss": Term(
            "The number that training makes smaller; 0 would be perfect.",
            "pérdida",
        ),
        "learning rate": Term(
            "How far each step moves the weights.",
            "tasa de aprendizaje",
        ),
        "weights": Term(
            "The numbers in a network that training changes.",
            "pesos",
        ),
        "checkpoint": Term(
            "The weights after an epoch, kept on disk.",
            "punto de control",
        ),
        "selected epoch": Term(
            "The epoch whose checkpoint is evaluated: the best on the validation set, or the last.",
            "época seleccionada",
        ),
        "early stopping": Term(
            "Training ends when the validation set has not improved for some epochs.",
            "parada temprana",
        ),
        "transfer learning": Term(
            "Starting from weights learned on other images.",
            "aprendizaje por transferencia",
        ),
        "frozen layers": Term(
            "Layers whose weights training leaves alone.",
            "capas congeladas",
        ),
        "fine-tuning": Term(
            "Training on, with some or all layers free, at a small learning rate.",
            "ajuste fino",
        ),
        "U-Net": Term(
            "A network that answers for each pixel: it shrinks the image step by step, enlarges "
            "it again, and joins what it saw at each step.",
            "U-Net",
        ),
        "dropout": Term(
            "Randomly silenced units during training, against overfitting.",
            "dropout (abandono)",
        ),
        "overfitting": Term(
            "The network knows the training set by heart and does worse on new images.",
            "sobreajuste",
        ),
        "underfitting": Term(
            "The network does badly even on the training set.",
            "subajuste",
        ),
        "class weights": Term(
            "Mistakes on rare classes cost more during training.",
            "pesos de clase",
        ),
        "sweep": Term(
            "Several runs that differ in one or two settings.",
            "barrido de hiperparámetros",
        ),
        "random seed": Term(
            "The number from which all chance in a run follows; the same seed gives the same run.",
            "semilla aleatoria",
        ),
    },
    "Evaluation": {
        "prediction": Term(
            "The class with the highest probability, or the one beyond the threshold.",
            "predicción",
        ),
        "probability": Term(
            "The network's own certainty in a class, from 0 to 1; right only if calibrated.",
            "probabilidad",
        ),
        "model card": Term(
            "A text on what a network is and is not for, its data and its result, with what "
            "nobody here can know left open.",
            "ficha del modelo",
        ),
        "confusion matrix": Term(
            "How many images of each true class were predicted as each class.",
            "matriz de confusión",
        ),
        "true positive, false positive, true negative, false negative": Term(
            "Right and wrong answers by what was predicted.",
            "verdadero positivo, falso positivo, verdadero negativo, falso negativo",
        ),
        "accuracy": Term(
            "The share of images predicted right.",
            "exactitud",
        ),
        "balanced accuracy": Term(
            "The mean of the classes' recalls, so that rare classes count as much.",
            "exactitud equilibrada",
        ),
        "recall, sensitivity": Term(
            "Of the images that have the class, the share that was found (the “hit rate” of the "
            "SIIM thesis).",
            "sensibilidad (exhaustividad)",
        ),
        "specificity": Term(
            "Of the images without the class, the share that was cleared.",
            "especificidad",
        ),
        "precision, PPV": Term(
            "Of the images predicted as the class, the share that has it.",
            "precisión, valor predictivo positivo",
        ),
        "NPV": Term(
            "Of the images predicted as without the class, the share that is.",
            "valor predictivo negativo",
        ),
        "F1": Term(
            "One number from precision and recall (their harmonic mean).",
            "F1",
        ),
        "ROC curve, AUC": Term(
            "Recall against false positive rate at every threshold; the area under it is "
            "the chance that a positive scores above a negative.",
            "curva ROC, área bajo la curva",
        ),
        "mean AUC": Term(
            "The mean of the findings' AUCs, each as important as the next; 0.5 is guessing.",
            "AUC media",
        ),
        "average precision": Term(
            "The area under precision against recall.",
            "precisión media",
        ),
        "threshold": Term(
            "The probability from which an image is called positive.",
            "umbral",
        ),
        "Youden's index": Term(
            "Sensitivity and specificity together, less 1; a threshold is often chosen where it is "
            "highest.",
            "índice de Youden",
        ),
        "cost of errors": Term(
            "What missed and wrongly alarmed patients cost together, if one missed costs as much "
            "as so many wrongly alarmed.",
            "coste de los errores",
        ),
        "guaranteed sensitivity": Term(
            "A sensitivity that a threshold keeps for new patients, too, with 95% confidence; with "
            "few patients none can be guaranteed.",
            "sensibilidad garantizada",
        ),
        "scenario": Term(
            "An example of how a network would be used: who is looked at, and what each error "
            "costs them.",
            "escenario",
        ),
        "threshold of a finding": Term(
            "Each finding has its own, chosen on the validation set: where recall and "
            "specificity together are highest (Youden's index).",
            "umbral de un hallazgo",
        ),
        "errors together": Term(
            "How many images have two findings missed, or called though absent, at once.",
            "errores conjuntos",
        ),
        "calibration": Term(
            "Of the images given 0.8, about 80 % should be positive.",
            "calibración",
        ),
        "Brier score": Term(
            "The mean squared distance between probability and truth; 0 is perfect.",
            "puntuación de Brier",
        ),
        "Matthews correlation": Term(
            "How far truth and prediction go together, from -1 to 1; 0 is guessing, whatever the "
            "shares of the classes.",
            "correlación de Matthews",
        ),
        "Dice": Term(
            "How far a drawn mask covers the true one: twice the pixels that both have, divided by "
            "the pixels of each added up; 1 is the same mask, 0 none in common.",
            "coeficiente de Dice",
        ),
        "IoU": Term(
            "The area that two boxes or masks share, divided by the area that they cover together; "
            "1 is the same area.",
            "intersección sobre unión (IoU)",
        ),
        "implausible mask": Term(
            "A drawn lung mask that cannot be of both lungs: of one piece, or far too small or too "
            "large.",
            "máscara inverosímil",
        ),
        "log loss": Term(
            "The mean cost of the probability given to what is true; being sure and wrong costs "
            "most, 0 is perfect.",
            "pérdida logarítmica",
        ),
        "calibration error": Term(
            "How far probabilities and truth are apart on average, in ten groups of images by "
            "their probability.",
            "error de calibración",
        ),
        "95% confidence interval": Term(
            "Where the figure would fall in 95 of 100 repetitions with other patients.",
            "intervalo de confianza del 95 %",
        ),
        "paired difference": Term(
            "By how much two runs differ on the very same images, patients resampled for both "
            "alike.",
            "diferencia pareada",
        ),
        "leaderboard": Term(
            "The finished runs of a dataset and task in the order of their validation set, each "
            "with the place that its interval leaves open.",
            "tabla de clasificación",
        ),
        "noise floor": Term(
            "By how much two runs of one recipe differ that have nothing but another random seed, "
            "at most in 95 of 100 cases.",
            "ruido de fondo",
        ),
        "DeLong's test": Term(
            "Whether the AUCs of two networks on the same images differ; each image counts as "
            "independent.",
            "prueba de DeLong",
        ),
        "McNemar's test": Term(
            "Whether two networks get equally many images right, from those that one alone gets "
            "right.",
            "prueba de McNemar",
        ),
        "Holm's correction": Term(
            "Makes p values larger where many pairs are compared, since some look different by "
            "luck.",
            "corrección de Holm",
        ),
        "majority baseline": Term(
            "What one gets by always answering the most frequent class.",
            "línea base de la clase mayoritaria",
        ),
        "columns-only baseline": Term(
            "What can be predicted from age, sex, view, site and image size, without looking at "
            "the image.",
            "línea base sin imagen",
        ),
        "error analysis": Term(
            "The steps from training to validation to test to external error, each with its "
            "cause: bias, variance, distribution shift.",
            "análisis de errores",
        ),
        "target error": Term(
            "The share of wrong answers that a network may give to be of use.",
            "error objetivo",
        ),
        "human error": Term(
            "The share of wrong answers that people give to the same task; about the least that is "
            "possible.",
            "error humano",
        ),
        "avoidable bias": Term(
            "How much more often a network errs on its own training images than people do.",
            "sesgo evitable",
        ),
        "representative": Term(
            "Training images are, if a network errs on those in use as often as on others of "
            "their own kind.",
            "representativo",
        ),
        "heat map (Grad-CAM)": Term(
            "Where in the image the prediction came from, as far as the last convolution can tell.",
            "mapa de calor (Grad-CAM)",
        ),
        "convolution": Term(
            "A layer that slides small filters over an image and answers with one map for each.",
            "convolución",
        ),
        "filter": Term(
            "A few weights that are slid over an image; its map is bright where the image fits it.",
            "filtro",
        ),
        "map of a layer": Term(
            "What one filter answers at each place of an image (activation).",
            "mapa de activación",
        ),
        "occlusion": Term(
            "A heat map made by covering one place after the other: how much less probable the "
            "class becomes.",
            "oclusión",
        ),
        "pointing game": Term(
            "How often the hottest point of a heat map lies inside a radiologist's box.",
            "juego de señalar",
        ),
        "heat in the boxes": Term(
            "The share of a heat map's heat that lies inside the radiologist's boxes.",
            "calor dentro de los recuadros",
        ),
        "IoBB": Term(
            "The area that two boxes share, divided by that of the one drawn from a heat map.",
            "intersección sobre el recuadro detectado (IoBB)",
        ),
        "average of runs": Term(
            "Several networks as one: the mean of their probabilities for each image.",
            "promedio de ejecuciones",
        ),
        "predictions from elsewhere": Term(
            "Probabilities that another program gave; nobody checked what it has learned from.",
            "predicciones externas",
        ),
        "test-time augmentation": Term(
            "The mean prediction over an image and its mirror.",
            "aumento en la inferencia",
        ),
        "conformal set": Term(
            "The classes that cannot be excluded at a stated error rate.",
            "conjunto conforme",
        ),
        "unlike the training images": Term(
            "An image farther from all that the network learned from than 95 % of the validation "
            "images are; its answer is not to be relied on.",
            "distinta de las imágenes de entrenamiento",
        ),
        "features": Term(
            "The numbers that the last layer of a network sees of an image, just before it "
            "decides.",
            "características",
        ),
        "map of images": Term(
            "Every image as a point, laid out so that images whose features are alike lie beside "
            "each other (t-SNE).",
            "mapa de imágenes (t-SNE)",
        ),
        "nearest training images": Term(
            "The training images of other patients whose features are most like an image's.",
            "imágenes de entrenamiento más parecidas",
        ),
    },
    "Settings": {
        "model": Term(
            "The network's architecture: which layers, in which order.",
            "modelo (arquitectura)",
        ),
        "filters of the first level": Term(
            "How many patterns the first level of a U-Net looks for; each level below has twice as "
            "many.",
            "filtros del primer nivel",
        ),
        "channels": Term(
            "How many times the network is given the gray image: once, or three times like the "
            "colors of a photograph.",
            "canales",
        ),
        "last hidden layer": Term(
            "The layer before the output.",
            "última capa oculta",
        ),
        "batch size": Term(
            "How many images one step learns from.",
            "tamaño del lote",
        ),
        "epochs": Term(
            "How often training goes through the training set, at most.",
            "épocas",
        ),
        "patience": Term(
            "Training stops after so many epochs without a lower validation loss; 0 never "
            "stops it early.",
            "paciencia",
        ),
        "optimizer": Term(
            "The rule by which each step moves the weights, such as SGD or Adam.",
            "optimizador",
        ),
        "momentum": Term(
            "How much of the last step goes into the next: 0 to below 1, often 0.9.",
            "momento",
        ),
        "weight decay": Term(
            "Each step takes this share of the learning rate off every weight, against "
            "overfitting.",
            "decaimiento de pesos",
        ),
        "learning rate schedule": Term(
            "How the learning rate changes over the epochs.",
            "programación de la tasa de aprendizaje",
        ),
        "learning rate decay": Term(
            "By which factor the learning rate falls.",
            "decaimiento de la tasa de aprendizaje",
        ),
        "decay": Term(
            "After how many epochs the learning rate falls.",
            "decaimiento",
        ),
        "warm-up": Term(
            "Over so many epochs the learning rate rises from zero; then the schedule begins.",
            "calentamiento",
        ),
        "layers that learn": Term(
            "Which layers training changes; the others are frozen.",
            "capas entrenables",
        ),
        "batch normalization": Term(
            "Layers that shift and scale what passes through them to a common range.",
            "normalización por lotes",
        ),
        "starting weights": Term(
            "What the network knows before training: nothing (random), ImageNet's photos, "
            "or an earlier run.",
            "pesos iniciales",
        ),
        "number precision": Term(
            "How many bits the network computes with; fewer are faster on some hardware.",
            "precisión numérica",
        ),
        "focal loss gamma": Term(
            "How much less images count that are right already; 0 is plain cross-entropy.",
            "gamma de la pérdida focal",
        ),
        "label smoothing": Term(
            "This share of each target is spread over all classes; 0 turns it off.",
            "suavizado de etiquetas",
        ),
        "sampling": Term(
            "In which proportion an epoch shows the classes.",
            "muestreo",
        ),
        "mixup": Term(
            "Each image and its target are blended with another of the batch; 0 turns it off.",
            "mixup",
        ),
        "combined labels": Term(
            "Each combination of published labels is learned as a class of its own, and "
            "the probabilities are added up.",
            "etiquetas combinadas",
        ),
        "image size": Term(
            "Side of the square that the network sees.",
            "tamaño de imagen",
        ),
        "resizing": Term(
            "How an image becomes a square: stretched, or with black borders.",
            "redimensionado",
        ),
        "what is shown": Term(
            "Which part of each image the network sees: all of it, its border, or not the lungs.",
            "lo que se muestra",
        ),
        "border": Term(
            "How wide the frame is that is left of an image of which only the border is shown.",
            "borde (parte del lado)",
        ),
        "contrast": Term(
            "What is done to the gray levels before training.",
            "contraste",
        ),
        "gamma": Term(
            "Exponent of the gray levels: below 1 brightens, above 1 darkens.",
            "gamma",
        ),
        "CLAHE clip limit": Term(
            "How much CLAHE may raise the contrast of a tile.",
            "límite de recorte de CLAHE",
        ),
        "rotation": Term(
            "Training images are turned by up to so many degrees.",
            "rotación",
        ),
        "shear": Term(
            "Training images are slanted by up to so many degrees.",
            "cizallamiento",
        ),
        "zoom": Term(
            "Training images are enlarged or shrunk by up to this fraction.",
            "zoom",
        ),
        "shift": Term(
            "Training images are moved by up to this fraction of their side.",
            "desplazamiento",
        ),
        "brightness": Term(
            "Training images are made darker or brighter by a factor.",
            "brillo",
        ),
        "mirror left to right": Term(
            "Half of the training images are mirrored; the heart is then on the other side.",
            "reflejo horizontal",
        ),
        "turn upside down": Term(
            "Half of the training images are turned upside down.",
            "reflejo vertical",
        ),
        "head": Term(
            "The last layers, from the features to the answer.",
            "cabeza",
        ),
        "width factor": Term(
            "How many channels each layer has, as a share of the published number.",
            "factor de anchura",
        ),
        "columns beside the image": Term(
            "What the network is told of the patient and the image, such as the age.",
            "columnas junto a la imagen",
        ),
        "folds": Term(
            "Into how many parts a cross-validation divides the dataset; 0 is one split.",
            "pliegues",
        ),
        "test fold": Term(
            "Which part of a cross-validation is the test set.",
            "pliegue de prueba",
        ),
        "allow leaks": Term(
            "Train although a patient is in two subsets; the run says so.",
            "permitir fugas",
        ),
        "split seed": Term(
            "Another seed, another division into subsets.",
            "semilla de la partición",
        ),
        "target domain only": Term(
            "External images are left out of training; the test set stays the same.",
            "solo dominio objetivo",
        ),
        "tested site": Term(
            "The hospital or collection whose images are the test set; it trains nothing.",
            "centro de prueba",
        ),
        "validate on test": Term(
            "The test set is watched during the training, so that nothing is left unseen.",
            "validar con el conjunto de prueba",
        ),
        "images to use": Term(
            "About how many images are drawn from the dataset, whole patients of each class.",
            "imágenes que se usan",
        ),
    },
}
TERMS = {
    word.strip(): term
    for part in GLOSSARY.values()
    for name, term in part.items()
    for word in name.split(",")
}


def explain(label: str) -> str:
    """Return what a label means, one sentence; "" if it is no term of the glossary.

    What follows a comma or stands in brackets, such as a unit, is no part of the term.

    >>> explain("Batch size"), explain("Rotation, ± degrees") == TERMS["rotation"].meaning
    ('How many images one step learns from.', True)
    """
    word = label.split(",")[0].split("(")[0].strip()
    term = TERMS.get(word) or TERMS.get(word[:1].lower() + word[1:])
    return term.meaning if term else ""


def format_glossary() -> str:
    """Return the glossary as the text of `docs/glossary.md`."""
    lines = [
        "# Glossary: the words of the interface, the docs and the code",
        "",
        "One word for one thing. Each sentence is also the hover help. Spanish as it is taught in "
        "Spain. This text is written by `xray_core/glossary.py`.",
    ]
    for title, terms in GLOSSARY.items():
        lines += ["", f"## {title}", "| term | in one sentence | español |", "|---|---|---|"]
        lines += [f"| {name} | {term.meaning} | {term.spanish} |" for name, term in terms.items()]
    return "\n".join(lines) + "\n"
