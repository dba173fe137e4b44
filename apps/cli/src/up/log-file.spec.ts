import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLogFile } from "./log-file.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "mosaic-log-"));
});
afterEach(() => rmSync(home, { recursive: true }));

describe("createLogFile", () => {
  it("touches nothing before the first line, and appends privately", () => {
    const log = createLogFile(home);
    expect(existsSync(log.path)).toBe(false);
    for (const line of ["one\n", "two\n"]) log.write(line);
    log.close();
    const again = createLogFile(home);
    again.write("three\n");
    again.close();
    expect(readFileSync(log.path, "utf8")).toBe("one\ntwo\nthree\n");
    expect(statSync(log.path).mode & 0o777).toBe(0o600);
  });

  it("puts a log that has grown large aside", () => {
    const log = createLogFile(home);
    writeFileSync(log.path, "");
    truncateSync(log.path, 20_000_001);
    log.write("new\n");
    log.close();
    expect(readFileSync(log.path, "utf8")).toBe("new\n");
    expect(statSync(`${log.path}.1`).size).toBe(20_000_001);
  });

  it("drops what a full disk does not take, and says so with the next line that fits", () => {
    const path = join(home, "mosaic.log");
    symlinkSync("/dev/full", path);
    const log = createLogFile(home);
    for (const line of ["one\n", "two\n"]) log.write(line);
    log.close();
    unlinkSync(path);
    log.write("three\n");
    log.close();
    const text = readFileSync(path, "utf8");
    expect(text).toMatch(/2 log lines could not be written: ENOSPC/);
    expect(text.endsWith("\nthree\n")).toBe(true);
  });
});
