import { once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { readLines } from "./read-lines.ts";

function reading(limits = { lineBytes: 100, totalBytes: 1000 }) {
  const stream = new PassThrough();
  const lines: string[] = [];
  const overflows: string[] = [];
  const { ended } = readLines(stream, limits, {
    onLine: (line) => lines.push(line),
    onOverflow: (why) => overflows.push(why),
  });
  return { stream, lines, overflows, ended };
}

describe("lines of a stream", () => {
  test("come out whole, however they came in", async () => {
    const { stream, lines, ended } = reading();
    for (const byte of Buffer.from('{"a":"€"}\n\n  \r\nsecond\r\nthird')) stream.write(Buffer.from([byte]));
    stream.end();
    await ended;
    // A last line without an end is not a message: its writer did not finish it.
    expect(lines).toEqual(['{"a":"€"}', "second\r"]);
  });

  test.each([
    ["in one piece", ["x".repeat(101)]],
    ["in many", Array.from({ length: 11 }, () => "y".repeat(10))],
    ["with its end", [`${"z".repeat(101)}\n`]],
  ])("that are too long are given up: %s", async (_, pieces) => {
    const { stream, lines, overflows } = reading();
    stream.write("fine\n");
    for (const piece of pieces) stream.write(piece);
    stream.end("\nmore\n");
    await once(stream, "close");
    expect(lines).toEqual(["fine"]);
    expect(overflows).toEqual(["it wrote a line of more than 100 bytes"]);
  });

  test("that are too many are given up, and the stream goes on being emptied", async () => {
    const { stream, lines, overflows, ended } = reading();
    for (let n = 0; n < 100; n += 1) stream.write(`${"l".repeat(50)}\n`);
    stream.end();
    await ended;
    expect(lines.length).toBeLessThan(20);
    expect(overflows).toEqual(["it wrote more than 1000 bytes"]);
  });
});
