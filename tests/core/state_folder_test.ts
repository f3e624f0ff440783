import assert from "node:assert/strict";
import { stateFolder } from "../../src/core/state_folder.ts";

Deno.test("state is kept where systemd, XDG or the home folder says", () => {
  const among = (variables: Record<string, string>) => stateFolder((name) => variables[name]);
  assert.equal(
    among({ STATE_DIRECTORY: "/var/lib/whence:/var/lib/b", XDG_STATE_HOME: "/x" }),
    "/var/lib/whence",
  );
  assert.equal(among({ XDG_STATE_HOME: "/x" }), "/x/whence");
  assert.match(among({}), /\.local\/state\/whence$/);
});
