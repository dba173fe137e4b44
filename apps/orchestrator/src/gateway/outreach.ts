/**
 * Where a request would have the model's API do more than answer: fetch from the network, run code, talk to other
 * services. That would be a way out of a sandbox that has no network.
 */

type Value = Readonly<Record<string, unknown>>;

/** Tools that the client runs itself, by type. `custom` is what a tool without a type is. */
const CLIENT_TOOL =
  /^(?:custom|(?:bash|text_editor|memory|computer|browser_toolset|computer_toolset)_\d{8})$/;
/** Runs on the API's side, but only looks through the tools of the request. */
const TOOL_SEARCH = /^tool_search_tool_(?:bm25|regex)(?:_\d{8})?$/;

/** Names the first tool that is not run by the client, or null. */
export function outreachOfTools(tools: unknown): string | null {
  if (tools === undefined || tools === null) return null;
  if (!Array.isArray(tools)) return "tools is not a list";
  for (const tool of tools) {
    const type = isObject(tool) ? (tool["type"] ?? "custom") : tool;
    if (typeof type !== "string" || !(CLIENT_TOOL.test(type) || TOOL_SEARCH.test(type))) {
      return `the tool ${JSON.stringify(type)} is run by the model's API`;
    }
  }
  return null;
}

/** Names the first thing in the messages that the model's API would fetch or run, or null. */
export function outreachOfMessages(messages: unknown): string | null {
  if (!Array.isArray(messages)) return "messages is not a list";
  for (const message of messages) {
    const found = isObject(message) ? outreachOfContent(message["content"]) : "a message is not an object";
    if (found !== null) return found;
  }
  return null;
}

/**
 * Names the first thing in a message's content that the model's API would fetch or run, or null. Content is a text, or
 * blocks that may hold content themselves. What a tool was called with is only data.
 */
export function outreachOfContent(content: unknown): string | null {
  const waiting: unknown[] = [content];
  while (waiting.length > 0) {
    const part = waiting.pop();
    if (Array.isArray(part)) waiting.push(...part);
    if (!isObject(part) || Array.isArray(part)) continue;
    const source = part["source"];
    if (isObject(source) && source["type"] === "url") return "content is given by URL";
    const added = part["tool"];
    if (part["type"] === "tool_addition") {
      const found = isObject(added) ? outreachOfAddition(added) : "a tool addition is not an object";
      if (found !== null) return found;
    }
    // A compaction block carries the tool additions of the messages that it stands for.
    waiting.push(part["content"], part["tool_changes"], isObject(source) ? source["content"] : undefined);
  }
  return null;
}

/** The `inline-tools` beta adds tools in the middle of a conversation; by name it can only bring back checked ones. */
function outreachOfAddition(tool: Value): string | null {
  if (tool["type"] === "tool_reference") return null;
  if (tool["type"] === "tool_definition") return outreachOfTools([tool["definition"]]);
  return `the tool addition ${JSON.stringify(tool["type"])} is run by the model's API`;
}

function isObject(value: unknown): value is Value {
  return typeof value === "object" && value !== null;
}
