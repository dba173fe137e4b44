import { type Case, secret as s } from "./case.ts";
import { alnum, base64, glue, hex, letters, lowerAlnum, token } from "./samples.ts";

/** Code hosting and package registries. */
export const CODE_HOSTS: readonly Case[] = [
  {
    rule: "github-token",
    secrets: [
      `https://x:${s(glue("gh", "p_", alnum(36)))}@github.com`,
      ...["o", "u", "s", "r"].map((kind) => `t=${s(glue("gh", kind, "_", alnum(36)))}`),
    ],
    lookalikes: [glue("gh", "p_", "xxxx"), glue("gh", "p_", alnum(20)), "ghs_per_hour_of_operation"],
  },
  {
    rule: "github-fine-grained-token",
    secrets: [s(glue("github", "_pat_", alnum(22), "_", alnum(59)))],
    lookalikes: ["github_pat_example"],
  },
  {
    rule: "gitlab-token",
    secrets: [
      s(glue("gl", "pat-", token(20))),
      `url ${s(glue("gl", "dt-", token(20)))}`,
      s(glue("gl", "rt-", token(20))),
    ],
    lookalikes: ["glpat-xxx", "gldt-short"],
  },
  {
    rule: "bitbucket-token",
    secrets: [s(glue("AT", "BB", alnum(32)))],
    lookalikes: [glue("AT", "BB", alnum(12))],
  },
  { rule: "atlassian-token", secrets: [s(glue("ATA", "TT3", alnum(186)))], lookalikes: ["ATATT3x"] },
  {
    rule: "npm-token",
    secrets: [`t ${s(glue("np", "m_", alnum(36)))}`],
    lookalikes: ["npm_config_registry", glue("np", "m_", letters(20))],
  },
  {
    rule: "npmrc-auth",
    secrets: [
      `//registry.example/:_authToken=${s(lowerAlnum(30))}`,
      `//r.example/:_password="${s(base64(20, 2))}"`,
    ],
    lookalikes: ["//registry.npmjs.org/:_authToken=${NPM_TOKEN}", "always-auth=true"],
  },
  {
    rule: "pypi-token",
    secrets: [s(glue("py", "pi-", "AgEIcHlwaS5vcmc", token(70)))],
    lookalikes: ["pypi-AgE"],
  },
  { rule: "rubygems-key", secrets: [s(glue("ruby", "gems_", hex(48)))], lookalikes: ["rubygems_api_key"] },
  {
    rule: "docker-hub-token",
    secrets: [s(glue("dckr", "_pat_", token(27)))],
    lookalikes: ["dckr_pat_token"],
  },
  {
    rule: "nuget-key",
    secrets: [s(glue("oy", "2", lowerAlnum(43)))],
    lookalikes: [glue("toy", "2", lowerAlnum(43))],
  },
];
