import assert from "node:assert/strict";
import { isRemote, parseOipAddress } from "../../../../src/model/runtime/remote/oip_address.ts";
import { localConfig } from "../../../../src/model/runtime/remote/remote_runtime.ts";

Deno.test("addresses of inference servers", () => {
  const cases: [string, string, string][] = [
    ["oip+http://gpu-box:8000", "http://gpu-box:8000", "gpu-box:8000"],
    ["oip+grpc://gpu-box:8001", "grpc://gpu-box:8001", "gpu-box:8001"],
    ["oip+GRPC://gpu-box:80/", "grpc://gpu-box:80", "gpu-box:80"],
    ["oip+grpc://[::1]:8001", "grpc://[::1]:8001", "[::1]:8001"],
    ["oip+grpcs://gpu-box:443", "grpcs://gpu-box:443", "gpu-box:443"],
    ["oip+https://gpu-box", "https://gpu-box", "gpu-box:443"],
    ["OIP+HTTP://10.0.0.2", "http://10.0.0.2", "10.0.0.2:80"],
    ["oip+http://[::1]:8000/gate/", "http://[::1]:8000/gate", "[::1]:8000"],
  ];
  for (const [library, url, host] of cases) {
    assert.ok(isRemote(library));
    const protocol = url.slice(0, url.indexOf(":"));
    assert.deepEqual(parseOipAddress(library), { protocol, url, host });
  }
  assert.ok(!isRemote("auto") && !isRemote("./oip.so"));
});

Deno.test("addresses that cannot be used", () => {
  const cases: [string, RegExp][] = [
    ["oip+grpc://gpu-box", /^Cannot use oip\+grpc:\/\/gpu-box: .*oip\+grpc:\/\/HOST:PORT/],
    [
      "oip+grpc://gpu-box:8001/v2",
      /^Cannot use oip\+grpc:\/\/gpu-box:8001\/v2: runtime.library must/,
    ],
    [
      "oip+http:///gpu-box",
      /^Cannot use oip\+http:\/\/\/gpu-box: runtime.library must be oip\+http:/,
    ],
    ["oip+ftp://gpu-box", /^Cannot use oip\+ftp:\/\/gpu-box: runtime.library must be oip\+http:/],
    ["oip+http:", /^Cannot use oip\+http:: runtime.library must be oip\+http:/],
    ["oip+http://user:secret@gpu-box", /^Cannot use an address with a user, a query or a fragment/],
  ];
  for (const [library, message] of cases) {
    assert.throws(() => parseOipAddress(library), { name: "ModelError", message });
  }
});

Deno.test("providers cannot be chosen for a server", () => {
  const local = localConfig({ library: "oip+http://gpu-box", providers: undefined });
  assert.deepEqual(local, { library: "auto", providers: ["cpu"] });
  assert.throws(() => localConfig({ library: "oip+http://gpu-box", providers: ["cuda", "cpu"] }), {
    name: "ModelError",
    message: /^Cannot run on cuda: the server chooses its own execution providers/,
  });
});
