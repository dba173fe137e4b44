/**
 * Which sandbox the suites use: bubblewrap, which every test machine has, or what MOSAIC_TEST_SANDBOX says (with
 * DOCKER_SOCKET or MOSAIC_PODMAN_SOCKET). Never what happens to run on the machine.
 */
export const SANDBOX_UNDER_TEST: Readonly<Record<string, string>> = {
  SANDBOX_RUNTIME: process.env["MOSAIC_TEST_SANDBOX"] ?? "bubblewrap",
  ...given("DOCKER_SOCKET"),
  ...given("MOSAIC_PODMAN_SOCKET"),
};

function given(name: string): Record<string, string> {
  const value = process.env[name];
  return value === undefined ? {} : { [name]: value };
}
