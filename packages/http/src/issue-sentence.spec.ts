import { describe, expect, it } from "vitest";
import { z } from "zod";
import { issueSentence } from "./issue-sentence.ts";

const told = (schema: z.ZodType, value: unknown): string =>
  schema.safeParse(value, { error: issueSentence }).error?.issues[0]?.message ?? "";

describe("what is wrong with a value", () => {
  it.each<[z.ZodType, unknown, string]>([
    [z.string().max(3), "abcd", "must have at most 3 characters, and has 4"],
    [z.string().min(1), "", "must have at least 1 character, and has 0"],
    [z.array(z.string()).max(1), ["a", "b"], "must have at most 1 item, and has 2"],
    [z.int().max(3), 7, "must be at most 3, and is 7"],
    [z.number().gt(0), 0, "must be more than 0, and is 0"],
    [z.int(), 1.5, "must be a whole number, and is 1.5"],
    [z.coerce.number(), "x", "must be a number, and is not one"],
    [z.string(), 7, "must be a string, and is 7"],
    [z.string(), null, "must be a string, and is null"],
    [z.string(), undefined, "is required"],
    [z.object({}), [], "must be an object, and is a list"],
    [z.array(z.string()), {}, "must be a list, and is an object"],
    [z.enum(["a", "b"]), "c", 'must be one of "a", "b"'],
    [z.literal("x"), "y", 'must be "x"'],
    [z.uuid(), "x", "must be a UUID"],
    [z.string().regex(/^a/), "b", "must match /^a/"],
    [z.union([z.string(), z.number()]), true, "is none of what is allowed here"],
  ])("is told by what it is and what it may be (%#)", (schema, value, sentence) => {
    expect(told(schema, value)).toBe(sentence);
  });

  it("keeps the words that a schema has of its own", () => {
    expect(told(z.string().max(1, "is a name of one letter"), "ab")).toBe("is a name of one letter");
  });

  it("never repeats a text, which may be somebody's secret", () => {
    const secret = "sk-very-secret";
    for (const schema of [z.uuid(), z.enum(["a"]), z.string().max(2), z.int(), z.string().regex(/^a$/)])
      expect(told(schema, secret)).not.toContain(secret);
  });
});
