/** A Vitest reporter that ends the run with one plain line: `N passed, N failed, N skipped`. */
export default class ClosingLineReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      const cases = [...module.children.allTests()];
      for (const test of cases) {
        const { state } = test.result();
        counts[state === "passed" ? "passed" : state === "failed" ? "failed" : "skipped"] += 1;
      }
      // A file that cannot be loaded has no tests, and must not look like one that passed.
      if (module.state() === "failed" && !cases.some((test) => test.result().state === "failed"))
        counts.failed += 1;
    }
    // After the other reporters have written theirs.
    process.once("exit", () => {
      process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
    });
  }
}
