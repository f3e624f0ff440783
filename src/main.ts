// Without `import` declarations and types, so that every version of Node.js can read this file and says what to run.
if (typeof Deno === "undefined") {
  import("node:process").then(({ argv, exit }) => {
    const command = `npx -y deno@2.9.6 run -A ${argv[1]}`;
    console.error(`Cannot start: Whence runs on Deno, not on Node.js; run: ${command}`);
    exit(2);
  });
} else {
  import("./cli/start.ts").then(({ start }) => start());
}
