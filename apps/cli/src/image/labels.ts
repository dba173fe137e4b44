/** Labels of images that `mosaic image build` made, and the name of what it makes them from without a registry. */
export const LABELS = {
  agent: "mosaic.agent-image",
  base: "mosaic.base",
  version: "mosaic.version",
  /** What is between the base and the image. */
  stage: "mosaic.stage=prepared",
  hostBase: "mosaic-host-base",
} as const;
