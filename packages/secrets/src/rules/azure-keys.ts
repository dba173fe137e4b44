import type { Rule } from "../rule.ts";
import { standsAlone } from "../shape.ts";

/** Azure's newer keys carry a signature of four characters that Microsoft publishes for scanners. */
export const AZURE_KEY_RULES: readonly Rule[] = [
  standsAlone({
    id: "azure-devops-token",
    description: "Azure DevOps personal access token",
    keywords: ["azdo"],
    shape: "[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}",
  }),
  {
    id: "azure-function-key",
    description: "Azure Functions key",
    keywords: ["azfu"],
    pattern: "(?:^|[^A-Za-z0-9_-])([A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{5}[AQgw]==)",
  },
  standsAlone({
    id: "azure-search-key",
    description: "Azure AI Search key",
    keywords: ["azse"],
    shape: "[A-Za-z0-9]{42}AzSe[A-D][A-Za-z0-9]{5}",
  }),
  {
    id: "azure-registry-key",
    description: "Azure Container Registry key",
    keywords: ["+acr"],
    pattern: "(?:^|[^A-Za-z0-9+/])([A-Za-z0-9+/]{42}\\+ACR[A-D][A-Za-z0-9]{5})(?:[^A-Za-z0-9+/=]|$)",
  },
  {
    id: "azure-account-key",
    description: "Azure Storage, Batch, Cosmos DB or Service Bus key",
    keywords: ["+ast", "+aba", "acdb", "+asb", "+aeh", "+arm"],
    pattern:
      "(?:^|[^A-Za-z0-9+/])([A-Za-z0-9+/]{76}(?:\\+ASt|\\+ABa|ACDb)[A-Za-z0-9+/]{5}[AQgw]==|[A-Za-z0-9+/]{33}(?:\\+ASb|\\+AEh|\\+ARm)[A-P][A-Za-z0-9+/]{5}=)",
  },
];
