// The development loop behind `make dev`: builds the browser's program and the server without optimising, serves
// them, and does so again whenever a source has changed. A changed stylesheet needs only a reload of the page.
//
//   BINDGEN=/path/to/wasm-bindgen node scripts/dev.mjs [arguments for the server]

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, watch } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const browser = join(target, "browser-dev");
const site = join(target, "site-dev");
const RUST = ["engine", "hub", "app", "frontend", "server"];
const SITE = ["style", "public"];
// Editors write a file in several steps, and a formatter follows: one build for all of that.
const SETTLE_MS = 200;

const changed = new Set(RUST);
let server = null;
let wake = () => {};

for (const house of [...RUST, ...SITE]) {
  watch(join(root, house), { recursive: true }, (_, file) => {
    if (file === null || /\.(rs|toml|css|svg|sql)$/.test(file)) {
      changed.add(house);
      wake();
    }
  });
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    server?.kill("SIGTERM");
    process.exit(0);
  });
}

for (;;) {
  if (changed.size === 0) await new Promise((resolve) => (wake = resolve));
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const houses = new Set(changed);
  changed.clear();
  const rust = RUST.some((house) => houses.has(house));
  if ((!rust || buildRust(houses)) && buildSite() && rust) await restart();
}

function buildRust(houses) {
  const forBrowser = ["engine", "app", "frontend"].some((house) => houses.has(house)) || !existsSync(browser);
  const wasm = join(target, "wasm32-unknown-unknown/debug/frontend.wasm");
  const bindgen = ["--target", "web", "--no-typescript", "--out-dir", browser, "--out-name", "manus-sync", wasm];
  return (
    (!forBrowser ||
      (run("cargo", ["build", "-p", "frontend", "--target", "wasm32-unknown-unknown"]) &&
        run(process.env.BINDGEN ?? "wasm-bindgen", bindgen))) &&
    run("cargo", ["build", "-p", "server"])
  );
}

function buildSite() {
  return run("node", [join(root, "scripts/site.mjs"), "--browser", browser, "--out", site]);
}

async function restart() {
  if (server !== null && server.exitCode === null) {
    server.kill("SIGTERM");
    await once(server, "exit");
  }
  const env = { ...process.env, MANUS_SYNC_SITE: site };
  server = spawn(join(target, "debug/manus-sync"), process.argv.slice(2), { stdio: "inherit", env });
}

/** Runs a command to its end; false when it failed, having said why itself. */
function run(command, args) {
  return spawnSync(command, args, { stdio: "inherit", cwd: root }).status === 0;
}
