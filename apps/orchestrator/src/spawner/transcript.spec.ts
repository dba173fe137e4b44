import type { NewEvent, StoredEvent } from "@mosaic/contracts";
import type { StateStore } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { createTranscript } from "./transcript.ts";

function recorder(fail = false) {
  const batches: NewEvent[][] = [];
  const state = {
    async append(events: readonly NewEvent[]): Promise<readonly StoredEvent[]> {
      await Promise.resolve();
      if (fail) throw new Error("disk full");
      batches.push([...events]);
      return [];
    },
  } as unknown as StateStore;
  const transcript = createTranscript({
    state,
    agentId: "a",
    taskId: "t",
    redact: (text) => text.replaceAll("hunter2", "[redacted]"),
    now: () => new Date(0),
  });
  return { transcript, batches };
}

describe("a transcript", () => {
  it("keeps the order, whatever the store's pace", async () => {
    const { transcript, batches } = recorder();
    for (let index = 0; index < 50; index += 1) transcript.session({ type: "text", text: String(index) });
    await transcript.flush();
    const texts = batches.flat().map((event) => (event.data as { text: string }).text);
    expect(texts).toEqual(Array.from({ length: 50 }, (_, index) => String(index)));
  });

  it("redacts before it stores, inside tool inputs too", async () => {
    const { transcript, batches } = recorder();
    transcript.session({
      type: "tool_call",
      callId: "1",
      name: "bash",
      input: { command: ["echo hunter2"] },
    });
    transcript.session({
      type: "tool_result",
      callId: "1",
      isError: false,
      output: "hunter2",
      truncated: false,
    });
    await transcript.flush();
    expect(JSON.stringify(batches)).not.toContain("hunter2");
  });

  it("cuts what is too long and says so", async () => {
    const { transcript, batches } = recorder();
    transcript.session({
      type: "tool_result",
      callId: "1",
      isError: false,
      output: "x".repeat(50_000),
      truncated: false,
    });
    await transcript.flush();
    expect(batches[0]?.[0]?.data).toMatchObject({ truncated: true });
  });

  it("reports at the flush that a write failed", async () => {
    const { transcript } = recorder(true);
    transcript.prompt(1, "go");
    await expect(transcript.flush()).rejects.toThrow("disk full");
  });
});
