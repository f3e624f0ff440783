import fc from "fast-check";

// A run of all tests says something about the change at hand, so it draws the same cases each time. `deno task fuzz` and
// `deno test FILE` draw others.
fc.configureGlobal({ seed: 20_240_609 });
