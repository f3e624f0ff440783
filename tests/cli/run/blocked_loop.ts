// A service whose event loop is blocked for a second, between the states "blocked" and "free"; in the state "hung" only a new
// process could help.
import { setTimeout as delay } from "node:timers/promises";
import { ServiceReport } from "../../../src/cli/run/service_report.ts";
import { ServiceManager } from "../../../src/core/service_manager.ts";

const manager = ServiceManager.find();
if (!(manager instanceof ServiceManager)) throw new Error(manager ?? "NOTIFY_SOCKET is not set");
let hung = false;
using _report = new ServiceReport(manager, [], new AbortController().signal, () => hung);
await delay(500);
manager.status("blocked");
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
manager.status("free");
await delay(500);
hung = true;
manager.status("hung");
await delay(500);
