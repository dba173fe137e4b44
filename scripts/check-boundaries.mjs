// Runs dependency-cruiser, and asserts that it looked: on a parser that fails silently it checks nothing and passes.
import { cruise } from "dependency-cruiser";
import extractDepcruiseConfig from "dependency-cruiser/config-utl/extract-depcruise-config";
import { globSync } from "node:fs";

const config = await extractDepcruiseConfig(`${process.cwd()}/.dependency-cruiser.cjs`);
const expected = globSync("{packages,apps}/*/src/**/*.ts").filter(
  (file) => !file.includes("/fixtures/"),
).length;
const { output } = await cruise(["packages", "apps"], {
  ...config.options,
  ruleSet: { forbidden: config.forbidden },
  validate: true,
});
const { summary, modules } = output;
const looked = modules.filter((module) => /^(packages|apps)\/.*\.ts$/.test(module.source)).length;
const edges = modules.reduce((sum, module) => sum + module.dependencies.length, 0);

for (const { rule, from, to } of summary.violations)
  console.log(`${rule.severity} ${rule.name}: ${from} -> ${to}`);
console.log(`${looked} modules and ${edges} dependencies looked at, ${summary.violations.length} violations`);
if (looked < expected || edges < looked) {
  console.log(
    `at least ${expected} modules with their imports should have been looked at; the parser is not working`,
  );
  process.exit(1);
}
process.exit(summary.violations.length === 0 ? 0 : 1);
