"""Makes the models and expected probabilities of this folder with fastText itself:

    pip install fasttext-wheel==0.9.2 "numpy<2"
    python make.py [lid.176.ftz]

With the published model, which is not kept here, lid.176.json is made too.
"""
import json, os, sys, tempfile

import fasttext

SENTENCES = {
    "en": ["The train leaves at noon.", "Wake me at seven in the morning, please.", "Is there rain tomorrow?", "Call my sister."],
    "de": ["Der Zug fährt um zwölf ab.", "Wecke mich bitte morgens um sieben.", "Regnet es morgen?", "Ruf meine Schwester an."],
    "fr": ["Le train part à midi.", "Réveille-moi à sept heures du matin.", "Est-ce qu'il pleut demain ?", "Appelle ma sœur."],
    "sw": ["Treni inaondoka saa sita mchana.", "Niamshe saa moja asubuhi, tafadhali.", "Je, kesho mvua itanyesha?", "Mpigie dada yangu simu."],
    "hi": ["रेलगाड़ी दोपहर को जाती है।", "मुझे सुबह सात बजे जगाना।", "क्या कल बारिश होगी?", "मेरी बहन को फ़ोन करो।"],
    "mr": ["गाडी दुपारी सुटते.", "मला सकाळी सात वाजता उठव.", "उद्या पाऊस पडेल का?", "माझ्या बहिणीला फोन कर."],
    "th": ["รถไฟออกตอนเที่ยง", "ปลุกฉันตอนเจ็ดโมงเช้า", "พรุ่งนี้ฝนจะตกไหม", "โทรหาพี่สาวของฉัน"],
    "so": ["Tareenku wuxuu baxaa duhurkii.", "I toosi toddobada subaxnimo.", "Berri roob ma jiraa?", "Wac walaashay."],
    "tl": ["Aalis ang tren sa tanghali.", "Gisingin mo ako ng alas siyete ng umaga.", "Uulan ba bukas?", "Tawagan mo ang kapatid ko."],
}
NASTY = ["", "  ", "a", "__label__en hello", "\u00a0", "12 34", "<b>", "😀 👨‍👩‍👧", "word " * 300, "noon\tadhuhuri", "</s> x", "e\u0301"]


def write(model, name):
    rows = []
    for text in [s for all in SENTENCES.values() for s in all] + NASTY:
        labels, probabilities = model.predict(text, k=3)
        rows.append({"text": text, "labels": [l.removeprefix("__label__") for l in labels], "probabilities": [float(p) for p in probabilities]})
    with open(name + ".json", "w") as f:
        json.dump(rows, f, ensure_ascii=False, indent=0)


def main():
    train = os.path.join(tempfile.mkdtemp(), "train.txt")
    with open(train, "w") as f:
        for i, (label, all) in enumerate(SENTENCES.items()):
            f.writelines(f"__label__{label} {s}\n" for s in all * (i + 1))  # counts that differ make the tree unique
    for name, loss, quantize in [
        ("hs", "hs", None), ("softmax", "softmax", None), ("ova", "ova", None), ("words", "softmax", None),
        ("quantized", "hs", {}), ("norms", "softmax", {"qnorm": True, "dsub": 3}), ("pruned", "hs", {"cutoff": 300, "qnorm": True}),
    ]:
        grams = {"minn": 0, "maxn": 0} if name == "words" else {"minn": 2, "maxn": 3}
        model = fasttext.train_supervised(train, dim=4, bucket=400, epoch=200, lr=0.5, loss=loss, thread=1, minCount=1, verbose=0, **grams)
        if quantize is not None:
            model.quantize(train, verbose=0, **quantize)
        model.save_model(name + ".model")
        write(model, name)
    if len(sys.argv) > 1:
        write(fasttext.load_model(sys.argv[1]), "lid.176")


main()
