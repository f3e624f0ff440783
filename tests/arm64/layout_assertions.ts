import { OFFSETS, SIZES } from "../../src/capture/struct_offsets.ts";

/**
 * A C program that a compiler accepts only if the structs have the layout that the sources assume. ONNX Runtime's
 * function tables are read as arrays of 8-byte pointers, so the size of a pointer is all that matters there.
 */
export function layoutAssertions(): { readonly text: string; readonly count: number } {
  const assertions = [
    ...Object.entries(OFFSETS).flatMap(([struct, fields]) =>
      Object.entries(fields).map(([field, offset]) =>
        assertion(`offsetof(${struct}, ${field}) == ${offset}`)
      )
    ),
    ...Object.entries(SIZES).map(([struct, size]) => assertion(`sizeof(${struct}) == ${size}`)),
    assertion("sizeof(void *) == 8"),
    assertion("sizeof(size_t) == 8"),
    assertion("sizeof(GType) == 8"),
    assertion("sizeof(GstState) == 4"),
  ];
  return {
    text: `#include <stddef.h>\n#include <gst/gst.h>\n${assertions.join("")}`,
    count: assertions.length,
  };
}

function assertion(condition: string): string {
  return `_Static_assert(${condition}, "${condition}");\n`;
}
