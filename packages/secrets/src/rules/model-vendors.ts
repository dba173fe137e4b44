import { type Rule, wholeToken } from "../rule.ts";
import { having, standsAlone } from "../shape.ts";

/** Other vendors of models. */
export const MODEL_VENDOR_RULES: readonly Rule[] = [
  {
    id: "openai-key",
    description: "OpenAI project, service-account or admin key",
    keywords: ["sk-proj-", "sk-svcacct-", "sk-admin-", "t3blbkfj"],
    pattern:
      "(sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40}|[A-Za-z0-9_-]{20,80}T3BlbkFJ[A-Za-z0-9_-]{20}))",
    refine: wholeToken,
  },
  {
    id: "openrouter-key",
    description: "OpenRouter key",
    keywords: ["sk-or-v1-"],
    pattern: "(sk-or-v1-[0-9a-f]{64})",
  },
  {
    id: "huggingface-token",
    description: "Hugging Face token",
    keywords: ["hf_"],
    pattern: "(?:^|[^A-Za-z0-9_])(hf_[A-Za-z]{34})(?:[^A-Za-z0-9]|$)",
  },
  { id: "groq-key", description: "Groq key", keywords: ["gsk_"], pattern: "(gsk_[A-Za-z0-9]{52})" },
  {
    id: "perplexity-key",
    description: "Perplexity key",
    keywords: ["pplx-"],
    pattern: "(pplx-[A-Za-z0-9]{48})",
  },
  {
    id: "replicate-token",
    description: "Replicate token",
    keywords: ["r8_"],
    pattern: "(?:^|[^A-Za-z0-9_])(r8_[A-Za-z0-9]{37})(?:[^A-Za-z0-9]|$)",
  },
  { id: "xai-key", description: "xAI key", keywords: ["xai-"], pattern: "(xai-[A-Za-z0-9]{80})" },
  standsAlone({
    id: "nvidia-key",
    description: "NVIDIA API key",
    keywords: ["nvapi-"],
    shape: "nvapi-[A-Za-z0-9_-]{64}",
  }),
  standsAlone({
    id: "cerebras-key",
    description: "Cerebras key",
    keywords: ["csk-"],
    shape: "csk-[a-z0-9]{48}",
  }),
  standsAlone({
    id: "fireworks-key",
    description: "Fireworks key",
    keywords: ["fw_"],
    shape: "fw_[A-Za-z0-9]{22,24}",
    refine: having(/[A-Z]/),
  }),
  standsAlone({
    id: "elevenlabs-key",
    description: "ElevenLabs key",
    keywords: ["sk_"],
    shape: "sk_[0-9a-f]{48}",
  }),
  standsAlone({
    id: "pinecone-key",
    description: "Pinecone key",
    keywords: ["pcsk_"],
    shape: "pcsk_[A-Za-z0-9]{5,6}_[A-Za-z0-9]{63}",
  }),
  standsAlone({
    id: "tavily-key",
    description: "Tavily key",
    keywords: ["tvly-"],
    shape: "tvly-(?:dev-|prod-)?[A-Za-z0-9]{32}",
  }),
  standsAlone({
    id: "firecrawl-key",
    description: "Firecrawl key",
    keywords: ["fc-"],
    shape: "fc-[0-9a-f]{32}",
  }),
];
