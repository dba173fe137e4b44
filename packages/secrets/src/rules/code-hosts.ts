import { isPlaceholder } from "../placeholder.ts";
import { extendOver, type Rule, secretOf, wholeToken } from "../rule.ts";

const FORGES: readonly Rule[] = [
  {
    id: "github-token",
    description: "GitHub token (classic, OAuth, user-to-server, server, refresh)",
    keywords: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
    pattern: "(gh[pousr]_[A-Za-z0-9]{36})",
    refine: wholeToken,
  },
  {
    id: "github-fine-grained-token",
    description: "GitHub fine-grained token",
    keywords: ["github_pat_"],
    pattern: "(github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})",
  },
  {
    id: "gitlab-token",
    description: "GitLab token (personal, deploy, runner, trigger, feed, agent, OAuth)",
    keywords: [
      "glpat-",
      "gldt-",
      "glrt-",
      "glptt-",
      "glft-",
      "glcbt-",
      "glagent-",
      "gloas-",
      "glimt-",
      "glsoat-",
    ],
    pattern: "(gl(?:pat|dt|rt|ptt|ft|cbt|agent|oas|imt|soat)-[A-Za-z0-9_-]{20})",
    refine: extendOver(/[A-Za-z0-9_.-]/),
  },
  {
    id: "bitbucket-token",
    description: "Bitbucket app password",
    keywords: ["atbb"],
    pattern: "(?:^|[^A-Za-z0-9])(ATBB[A-Za-z0-9]{32})(?:[^A-Za-z0-9]|$)",
  },
  {
    id: "atlassian-token",
    description: "Atlassian API token",
    keywords: ["atatt3"],
    pattern: "(ATATT3[A-Za-z0-9_=-]{100})",
    refine: extendOver(/[A-Za-z0-9_=-]/),
  },
];

const REGISTRIES: readonly Rule[] = [
  {
    id: "npm-token",
    description: "npm token",
    keywords: ["npm_"],
    pattern: "(npm_[A-Za-z0-9]{36})(?:[^A-Za-z0-9_]|$)",
  },
  {
    id: "npmrc-auth",
    description: "Credential in an .npmrc",
    keywords: ["_authtoken", "_password", "_auth"],
    pattern: "(?:^|[:\\s])_(?:authToken|auth|password)[ \\t]{0,3}=[ \\t]{0,3}[\"']?([^\\s\"']{8,200})",
    refine: (candidate) => (isPlaceholder(secretOf(candidate)) ? null : candidate),
  },
  {
    id: "pypi-token",
    description: "PyPI token",
    keywords: ["pypi-age"],
    pattern: "(pypi-AgE[A-Za-z0-9_-]{50})",
    refine: wholeToken,
  },
  {
    id: "rubygems-key",
    description: "RubyGems key",
    keywords: ["rubygems_"],
    pattern: "(rubygems_[0-9a-f]{48})",
  },
  {
    id: "docker-hub-token",
    description: "Docker Hub token",
    keywords: ["dckr_pat_", "dckr_oat_"],
    pattern: "(dckr_[po]at_[A-Za-z0-9_-]{27})",
    refine: wholeToken,
  },
  {
    id: "nuget-key",
    description: "NuGet key",
    keywords: ["oy2"],
    pattern: "(?:^|[^A-Za-z0-9])(oy2[a-z0-9]{43})(?:[^A-Za-z0-9]|$)",
  },
];

/** Code hosting and package registries. */
export const CODE_HOST_RULES: readonly Rule[] = [...FORGES, ...REGISTRIES];
