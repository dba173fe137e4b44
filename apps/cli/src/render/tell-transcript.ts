import type { EventType, Json } from "@mosaic/contracts";
import { jsonForPeople } from "../terminal/clean.ts";
import type { Tellers } from "./event-entry.ts";
import { bytes, count, dollars } from "./units.ts";
import { tokens } from "./usage.ts";

type Transcript = Extract<EventType, `transcript.${string}`>;

/** What a tool was asked to do, without its JSON where the one argument that matters is known. */
function shortInput(input: Json): string {
  if (input === null || typeof input !== "object" || Array.isArray(input)) return jsonForPeople(input);
  const telling = input["command"] ?? input["path"] ?? input["file_path"] ?? input["pattern"];
  if (typeof telling !== "string") return jsonForPeople(input);
  // `command` is the shell line of a bash tool and the verb of an editor tool, whose path says more.
  const path = input["path"];
  return jsonForPeople(typeof path === "string" && path !== telling ? `${telling} ${path}` : telling);
}

const firstLine = (text: string): string => text.trim().split("\n", 1)[0] ?? "";

export const transcriptTellers: Tellers<Transcript> = {
  "transcript.prompt": (data) => ({
    label: "prompt",
    tone: "dim",
    text: `attempt ${data.attempt}, ${count(data.text.split("\n").length, "line")}: ${firstLine(data.text)}`,
    oneLine: true,
  }),
  "transcript.text": (data) => ({ label: "says", tone: "plain", text: data.text.trim() || "(nothing)" }),
  "transcript.tool_call": (data) => ({
    label: "tool",
    tone: "strong",
    text: `${data.name}: ${shortInput(data.input)}`,
    oneLine: true,
  }),
  "transcript.tool_result": (data, tools) => {
    const size = `${bytes(Buffer.byteLength(data.output))}${data.truncated ? ", cut" : ""}`;
    const name = tools.get(data.callId) ?? "tool";
    return data.isError
      ? { label: "", tone: "bad", text: `${name} failed (${size}): ${firstLine(data.output)}`, oneLine: true }
      : { label: "", tone: "dim", text: `${name} ok (${size})`, oneLine: true };
  },
  "transcript.usage": (data) => ({
    label: "model",
    tone: data.status >= 400 ? "warn" : "dim",
    text: `${data.status >= 400 ? `status ${data.status}, ` : ""}${data.model}: ${tokens(data)}, ${dollars(data.costUsd)}`,
  }),
  "transcript.notice": (data) => ({ label: "notice", tone: "warn", text: data.text.trim() }),
};
