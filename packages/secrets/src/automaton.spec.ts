import { describe, expect, it } from "vitest";
import { characters } from "../corpus/samples.ts";
import { createAutomaton } from "./automaton.ts";

function found(words: readonly string[], text: string): string[] {
  const hits: string[] = [];
  createAutomaton(words).scan(text, (word, end) => {
    hits.push(`${words[word] ?? ""}@${end}`);
    return true;
  });
  return hits.sort();
}

function foundNaively(words: readonly string[], text: string): string[] {
  const lower = text.toLowerCase();
  return words
    .flatMap((word) =>
      Array.from({ length: lower.length }, (_, at) =>
        lower.startsWith(word, at) ? `${word}@${at + word.length}` : "",
      ),
    )
    .filter((hit) => hit !== "")
    .sort();
}

describe("createAutomaton", () => {
  it("finds words inside words, at the same end, and in any case", () => {
    expect(found(["he", "she", "hers", "his"], "uSHErs")).toEqual(["he@4", "hers@6", "she@4"]);
  });

  it("finds what a search word by word finds, in any text", () => {
    const words = ["a", "ab", "bab", "bc", "bca", "c", "caa", "abab"];
    for (let seed = 1; seed <= 40; seed += 1) {
      const text = characters("abcA", 60, seed);
      expect(found(words, text)).toEqual(foundNaively(words, text));
    }
  });

  it("takes characters that are not ASCII for the end of a word", () => {
    expect(found(["key"], "k\u00e9y key k\u212aey \ud83d\ude00key")).toEqual(["key@18", "key@7"]);
  });

  it("stops when it is told to", () => {
    const ends: number[] = [];
    createAutomaton(["x"]).scan("xxxx", (_, end) => ends.push(end) < 2);
    expect(ends).toEqual([1, 2]);
  });
});
