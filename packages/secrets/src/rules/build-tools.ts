import { extendOver, type Rule } from "../rule.ts";
import { having, standsAlone } from "../shape.ts";

/** Building, testing, delivering and looking at code. */
export const BUILD_TOOL_RULES: readonly Rule[] = [
  standsAlone({
    id: "circleci-token",
    description: "CircleCI token",
    keywords: ["ccipat_", "cciprj_"],
    shape: "CCI(?:PAT|PRJ)_[A-Za-z0-9]{22}_[0-9a-f]{40}",
  }),
  standsAlone({
    id: "buildkite-token",
    description: "Buildkite token",
    keywords: ["bkua_"],
    shape: "bkua_[0-9a-f]{40}",
  }),
  standsAlone({
    id: "sonar-token",
    description: "SonarQube token",
    keywords: ["squ_", "sqp_", "sqa_"],
    shape: "sq[upa]_[0-9a-f]{40}",
  }),
  standsAlone({
    id: "jfrog-key",
    description: "Artifactory key or reference token",
    keywords: ["akcp", "cmvmdgtuo"],
    shape: "AKCp[A-Za-z0-9]{69}|cmVmdGtuO[A-Za-z0-9]{55}",
  }),
  standsAlone({
    id: "clojars-token",
    description: "Clojars deploy token",
    keywords: ["clojars_"],
    shape: "CLOJARS_[0-9a-z]{60}",
  }),
  standsAlone({
    id: "crates-token",
    description: "crates.io token",
    keywords: ["cio"],
    shape: "cio[A-Za-z0-9]{32}",
    refine: having(/[A-Z]/, /[a-z]{4}|[a-z][A-Z0-9]/, /[0-9]/),
  }),
  standsAlone({
    id: "harness-key",
    description: "Harness key",
    keywords: ["pat.", "sat."],
    shape: "[ps]at\\.[A-Za-z0-9_-]{22}\\.[0-9a-f]{24}\\.[A-Za-z0-9]{20}",
  }),
  standsAlone({
    id: "sourcegraph-token",
    description: "Sourcegraph token",
    keywords: ["sgp_"],
    shape: "sgp_(?:(?:local|[0-9a-f]{16})_)?[0-9a-f]{40}",
  }),
  standsAlone({
    id: "trello-token",
    description: "Trello token",
    keywords: ["atta"],
    shape: "ATTA[0-9a-f]{64}[0-9A-F]{8}",
  }),
  {
    id: "bitbucket-access-token",
    description: "Bitbucket repository, project or workspace access token",
    keywords: ["atctt3"],
    pattern: "(?:^|[^A-Za-z0-9_])(ATCTT3[A-Za-z0-9_=-]{100})",
    refine: extendOver(/[A-Za-z0-9_=-]/),
  },
  standsAlone({
    id: "postman-key",
    description: "Postman key",
    keywords: ["pmak-"],
    shape: "PMAK-[0-9a-f]{24}-[0-9a-f]{34}",
  }),
  standsAlone({
    id: "cursor-key",
    description: "Cursor key",
    keywords: ["crsr_"],
    shape: "crsr_[0-9a-f]{64}",
  }),
  standsAlone({
    id: "readme-key",
    description: "ReadMe key",
    keywords: ["rdme_"],
    shape: "rdme_[a-z0-9]{70}",
  }),
  {
    id: "kubeconfig-client-key",
    description: "Client key inside a kubeconfig",
    keywords: ["client-key-data"],
    pattern: "client-key-data[\"']?[ \\t]{0,3}:[ \\t]{0,3}[\"']?([A-Za-z0-9+/]{64})",
    refine: extendOver(/[A-Za-z0-9+/=]/),
  },
  {
    id: "wireguard-key",
    description: "WireGuard private or preshared key",
    keywords: ["privatekey", "presharedkey"],
    pattern:
      "(?i:PrivateKey|PresharedKey)[ \\t]{0,5}=[ \\t]{0,5}([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)(?:[^A-Za-z0-9+/=]|$)",
  },
];
