import { HEAD_COLORS, HEAD_TEXT_COLORS, hexColor } from "../core/head_colors.ts";
import { HEAD_KINDS, type HeadKind } from "../core/head_kind.ts";

/**
 * CSS with the colors of the head kinds. Of each KIND: `--KIND-mark` is the color in pictures, `--KIND` the one of text; an
 * element of the class KIND has both as `--own-mark` and `--own`, and `--own-on-dark` for text on a dark picture.
 */
export function headStyle(): string {
  return HEAD_KINDS.map(styleOf).join("");
}

function styleOf(kind: HeadKind): string {
  const { onLight, onDark } = HEAD_TEXT_COLORS[kind];
  return [
    registered(`--${kind}`),
    registered(`--${kind}-mark`),
    `:root{--${kind}:light-dark(${hexColor(onLight)},${hexColor(onDark)});` +
    `--${kind}-mark:${hexColor(HEAD_COLORS[kind])}}\n`,
    `.${kind}{--own:var(--${kind});--own-mark:var(--${kind}-mark);--own-on-dark:${
      hexColor(onDark)
    }}\n`,
  ].join("");
}

/** Canvases read a registered color as a color, not as the text `light-dark(…)`. */
function registered(name: string): string {
  return `@property ${name}{syntax:"<color>";inherits:true;initial-value:#808080}\n`;
}
