import { describe, expect, test } from "vitest";
import { FAKE_SECRETS, fakeSecret } from "./fake-secret.ts";
import { fillIn, fillText, PlaceholderError, type Placeholders } from "./placeholder.ts";

const placeholders: Placeholders = {
  prompt: 2,
  conversation: "abcd1234",
  result: (name) => (name === "files" ? "a.ts\nb.ts" : null),
};

describe("placeholders", () => {
  test("are filled in wherever a string is", () => {
    const value = {
      path: "notes/{{conversation}}.md",
      lines: ["{{prompt}}", 3, null],
      deep: { x: "{{result:files}}" },
    };
    expect(fillIn(value, placeholders)).toEqual({
      path: "notes/abcd1234.md",
      lines: ["2", 3, null],
      deep: { x: "a.ts\nb.ts" },
    });
  });

  test("that mean nothing are an error that says so", () => {
    expect(() => fillText("{{weather}}", placeholders)).toThrow(PlaceholderError);
    expect(() => fillText("{{result:other}}", placeholders)).toThrow(
      /no earlier tool call is called 'other'/,
    );
    expect(() => fillText("{{fake:house-key}}", placeholders)).toThrow(
      /anthropic-key, github-token, aws-key/,
    );
  });

  test("leave other braces alone", () => {
    expect(fillText("${{ secrets.X }} {{}} { }", placeholders)).toBe("${{ secrets.X }} {{}} { }");
  });
});

describe("fake secrets", () => {
  test("have the shapes of real ones and are always the same", () => {
    expect(fakeSecret("anthropic-key")).toMatch(/^sk-ant-api03-[A-Za-z0-9]{93}AA$/);
    expect(fakeSecret("github-token")).toMatch(/^ghp_[A-Za-z0-9]{36}$/);
    expect(fakeSecret("aws-key")).toMatch(/^AKIA[A-Z0-9]{16}$/);
    for (const kind of FAKE_SECRETS) expect(fakeSecret(kind)).toBe(fakeSecret(kind));
  });
});
