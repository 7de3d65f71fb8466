// What is measured, not tested: `make load-page`, `make lighthouse`. The same browser as the tests', one thing at a time.

import { defineConfig } from "@playwright/test";
import tests from "../playwright.config.ts";

export default defineConfig(tests, {
  testDir: ".",
  workers: 1,
  retries: 0,
  timeout: 0,
  reporter: [["line"]],
  use: { trace: "off", screenshot: "off" },
});
