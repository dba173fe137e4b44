import { expect, it } from "vitest";
import { closure, parsePackages } from "./packages.ts";

const LISTING = [
  "git\tgit-completion\tlibc6 (>= 2.34), libcurl3-gnutls (>= 7.56.1) | libcurl4, perl, git-man (>> 1:2)",
  "libc6\t\t, libgcc-s1",
  "libgcc-s1\t\t, gcc-12-base (= 12.2.0-14), libc6 (>= 2.35)",
  "gcc-12-base\t\t, ",
  "libcurl4\tlibcurl3-gnutls-x\t, libc6:any",
  "mawk\tawk\tlibc6, ",
  "perl\t\t, perl-base",
  "base\t\t, awk",
  "",
].join("\n");

it("takes along what is needed, by whatever name it is needed, and nothing that is left out", () => {
  const installed = parsePackages(LISTING);
  expect([...closure(installed, ["git", "base", "not-installed"], /^perl/)].sort()).toEqual([
    "base",
    "gcc-12-base",
    "git",
    "libc6",
    "libcurl4",
    "libgcc-s1",
    "mawk",
  ]);
});
