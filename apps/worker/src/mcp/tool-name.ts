/** Longest name of a tool that the Messages API takes. */
const LONGEST = 128;

/** The name under which the model sees a server's tool; null when it cannot have one. */
export function toolName(server: string, tool: string): string | null {
  const name = `mcp__${server}__${tool.replaceAll(/[^A-Za-z0-9_-]/g, "_")}`;
  return tool !== "" && name.length <= LONGEST ? name : null;
}
