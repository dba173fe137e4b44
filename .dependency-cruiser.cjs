// Dependencies point inward: domain <- contracts <- client/store <- apps (DESIGN §2). Each package may see only
// what is listed here; a package that is not listed may see nothing of ours.
const MAY_SEE = {
  domain: [],
  contracts: ["domain"],
  config: ["domain"],
  telemetry: [],
  secrets: [],
  git: ["domain"],
  sandbox: ["domain"],
  replay: [],
  store: ["contracts", "domain"],
  http: ["contracts", "telemetry"],
  client: ["contracts"],
};
const own = (name) => `^packages/${name}/`;

const layers = Object.entries(MAY_SEE).map(([name, seen]) => ({
  name: `${name}-sees-only-${seen.length === 0 ? "itself" : seen.join("-")}`,
  severity: "error",
  from: { path: own(name), pathNot: "\\.spec\\.ts$" },
  to: { path: "^(packages|apps)/", pathNot: [own(name), ...seen.map(own)] },
}));

module.exports = {
  forbidden: [
    ...layers,
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "domain-does-no-io",
      severity: "error",
      from: { path: own("domain"), pathNot: "\\.spec\\.ts$" },
      to: { dependencyTypes: ["core", "npm"] },
    },
    {
      name: "apps-talk-over-http",
      comment: "mosaic up and the demo are the one place that composes the planes",
      severity: "error",
      from: {
        path: "^apps/([^/]+)/",
        pathNot: ["^apps/cli/src/(up|demo)/", "\\.spec\\.ts$", "^apps/[^/]+/tests/"],
      },
      to: { path: "^apps/", pathNot: "^apps/$1/" },
    },
    {
      name: "cli-sees-only-client-and-contracts",
      severity: "error",
      from: {
        path: "^apps/cli/src/",
        pathNot: ["^apps/cli/src/(up|demo|doctor|secrets|db|image)/", "main\\.ts$", "\\.spec\\.ts$"],
      },
      to: { path: "^packages/", pathNot: [own("client"), own("contracts"), own("domain")] },
    },
    {
      name: "worker-sees-only-contracts",
      severity: "error",
      from: { path: "^apps/worker/src/", pathNot: "\\.spec\\.ts$" },
      to: { path: "^packages/", pathNot: [own("contracts"), own("domain")] },
    },
    {
      name: "testing-is-for-tests",
      severity: "error",
      from: { path: "^(packages|apps)/", pathNot: ["\\.spec\\.ts$", "/tests/", "^packages/testing/"] },
      to: { path: own("testing") },
    },
    {
      name: "main-is-a-root",
      severity: "error",
      from: { pathNot: ["\\.spec\\.ts$", "^apps/[^/]+/(tests|bin)/"] },
      to: { path: "^apps/[^/]+/src/main\\.ts$" },
    },
    {
      name: "use-cases-know-no-http",
      severity: "error",
      from: {
        path: "^apps/orchestrator/src/(spawner|queue|killswitch|git|gateway|runtimes|secrets|coordinator)/",
        pathNot: "\\.spec\\.ts$",
      },
      to: { path: ["^apps/orchestrator/src/api/", own("http")] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: ["/dist/", "/fixtures/"] },
    parser: "swc",
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
