import { describe, expect, it } from "vitest";
import type { Runtime, RuntimeStatus } from "./port.ts";
import { createRuntimes, findRuntime, runtimeWarnings } from "./registry.ts";

function runtime(name: string, status: RuntimeStatus = { installed: true, version: "1.2.3" }): Runtime {
  return {
    name,
    kind: "command",
    status: () => Promise.resolve(status),
    start: () => Promise.reject(new Error("not started here")),
  };
}

describe("the registry of runtimes", () => {
  it("finds what can be used, and says why something cannot", async () => {
    const gone = { installed: false, problem: "it is not installed", remedy: "install it" } as const;
    const runtimes = createRuntimes([runtime("one"), runtime("two", gone)], "one");
    expect(await findRuntime(runtimes, "one")).toMatchObject({ ok: true, runtime: { name: "one" } });
    expect(await findRuntime(runtimes, "two")).toEqual({
      ok: false,
      code: "runtime_unavailable",
      message: "runtime 'two' cannot be used: it is not installed; install it",
    });
    expect(await findRuntime(runtimes, "three")).toEqual({
      ok: false,
      code: "runtime_unknown",
      message: "there is no runtime 'three' here; there are one, two",
    });
  });

  it("looks each time: what is installed meanwhile can be used", async () => {
    let status: RuntimeStatus = { installed: false, problem: "missing", remedy: "install it" };
    const late: Runtime = { ...runtime("late"), status: () => Promise.resolve(status) };
    const runtimes = createRuntimes([late], "late");
    expect(await findRuntime(runtimes, "late")).toMatchObject({ ok: false });
    expect(await runtimeWarnings(runtimes)).toEqual([
      "Tasks that name no runtime are refused: runtime 'late' cannot be used: missing; install it",
    ]);
    status = { installed: true, version: "1" };
    expect(await findRuntime(runtimes, "late")).toMatchObject({ ok: true });
    expect(await runtimeWarnings(runtimes)).toEqual([]);
  });

  it("refuses two of one name, and a default that is none of them", () => {
    expect(() => createRuntimes([runtime("one"), runtime("one")], "one")).toThrow(
      "two runtimes have the name 'one'",
    );
    expect(() => createRuntimes([runtime("one")], "two")).toThrow(
      "MOSAIC_DEFAULT_RUNTIME: there is no runtime 'two'; there are one",
    );
  });
});
