import assert from "node:assert/strict";
import { missingPackages } from "./needs.ts";

Deno.test("commands, files, Python modules and typelibs that are there are not missing", async () => {
  assert.deepEqual(
    await missingPackages([
      { package: "dash", command: "sh" },
      { package: "timgm6mb-soundfont", file: "/usr/share/sounds/sf2/TimGM6mb.sf2" },
      { package: "python3-gi", pythonModule: "gi" },
      { package: "gir1.2-gst-rtsp-server-1.0", typelib: "GstRtspServer", version: "1.0" },
    ]),
    [],
  );
});

Deno.test("what is missing is named by its package, once", async () => {
  assert.deepEqual(
    await missingPackages([
      { package: "d", command: "whence-no-such-command" },
      { package: "c", file: "/usr/share/whence-no-such-file" },
      { package: "a", pythonModule: "whence_no_such_module" },
      { package: "b", typelib: "WhenceNoSuchLib", version: "1.0" },
      { package: "c", command: "whence-no-such-command" },
    ]),
    ["d", "c", "a", "b"],
  );
});
