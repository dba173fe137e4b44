/** Which methods a path has, for 405 answers: the router itself only knows whole matches. */
export interface RouteIndex {
  add(path: string, methods: readonly string[]): void;
  methodsOf(url: string): readonly string[];
}

export function createRouteIndex(): RouteIndex {
  const routes: { readonly steps: readonly string[]; readonly methods: readonly string[] }[] = [];
  return {
    add(path, methods) {
      routes.push({ steps: path.split("/"), methods });
    },
    methodsOf(url) {
      const [path = ""] = url.split("?", 1);
      const given = path.split("/");
      const matching = routes.filter(
        ({ steps }) =>
          steps.length === given.length &&
          steps.every((step, index) => (step.startsWith(":") ? given[index] !== "" : step === given[index])),
      );
      return [...new Set(matching.flatMap(({ methods }) => methods))].sort();
    },
  };
}
