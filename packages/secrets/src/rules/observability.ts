import { extendOver, type Rule } from "../rule.ts";
import { besideName, standsAlone, UUID } from "../shape.ts";

/** Monitoring, analytics, feature switches. */
export const OBSERVABILITY_RULES: readonly Rule[] = [
  standsAlone({
    id: "dynatrace-token",
    description: "Dynatrace token",
    keywords: ["dt0c01.", "dt0s01.", "dt0s02."],
    shape: "dt0(?:c01|s01|s02)\\.[A-Z0-9]{8,24}\\.[A-Z0-9]{64}",
  }),
  standsAlone({
    id: "new-relic-key",
    description: "New Relic user, insert or query key",
    keywords: ["nrak-", "nrii-", "nriq-", "nraa-"],
    shape: "NR(?:AK|AA)-[A-Z0-9]{27}|NRI[IQ]-[A-Za-z0-9_-]{32}",
  }),
  {
    id: "grafana-token",
    description: "Grafana service account token or Grafana Cloud token",
    keywords: ["glsa_", "glc_"],
    pattern: "(?:^|[^A-Za-z0-9_])(glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}|glc_eyJ[A-Za-z0-9+/]{40})",
    refine: extendOver(/[A-Za-z0-9+/=]/),
  },
  besideName({
    id: "datadog-key",
    description: "Datadog API or application key beside the name",
    keywords: ["datadog", "dd_api_key", "dd_app_key", "dd-api-key", "dd-application-key"],
    shape: "[0-9a-f]{40}|[0-9a-f]{32}",
  }),
  {
    id: "sentry-token",
    description: "Sentry organisation or user token",
    keywords: ["sntrys_", "sntryu_"],
    pattern: "(?:^|[^A-Za-z0-9_])(sntryu_[0-9a-f]{64}|sntrys_eyJ[A-Za-z0-9+/=_-]{80})",
    refine: extendOver(/[A-Za-z0-9+/=_-]/),
  },
  standsAlone({
    id: "honeycomb-key",
    description: "Honeycomb ingest key",
    keywords: ["hcaik_", "hcxik_", "hcbik_", "hcamk_"],
    shape: "hc[axb][im]k_[a-z0-9]{58}",
  }),
  standsAlone({
    id: "launchdarkly-key",
    description: "LaunchDarkly SDK key",
    keywords: ["sdk-"],
    shape: `sdk-${UUID}`,
  }),
  standsAlone({
    id: "posthog-key",
    description: "PostHog personal key",
    keywords: ["phx_"],
    shape: "phx_[A-Za-z0-9_-]{43,48}",
  }),
  standsAlone({
    id: "segment-token",
    description: "Segment public API token",
    keywords: ["sgp_"],
    shape: "sgp_[A-Za-z0-9]{64}",
  }),
  besideName({
    id: "algolia-key",
    description: "Algolia admin key beside the name",
    keywords: ["algolia"],
    shape: "[0-9a-f]{32}",
  }),
  standsAlone({
    id: "langsmith-key",
    description: "LangSmith key",
    keywords: ["lsv2_pt_", "lsv2_sk_"],
    shape: "lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}",
  }),
  standsAlone({
    id: "langfuse-key",
    description: "Langfuse secret key",
    keywords: ["sk-lf-"],
    shape: `sk-lf-${UUID}`,
  }),
];
