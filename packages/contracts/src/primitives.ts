import { BRANCH_PATTERN, OBJECT_ID_PATTERN, TASK_ID_PATTERN } from "@mosaic/domain";
import { z } from "zod";

export const AgentId = z.uuid().meta({ description: "Id of an agent (one attempt at a task)." });
export const TaskId = z
  .string()
  .regex(TASK_ID_PATTERN, "must be 1 to 64 letters, digits, '.', '_' or '-', starting with a letter or digit")
  .meta({ description: "Id of a task, chosen by the caller; repeating it repeats nothing." });
export const BranchName = z.string().regex(BRANCH_PATTERN, "is not an acceptable branch name");
export const ObjectId = z.string().regex(OBJECT_ID_PATTERN, "must be a full object id");
export const Timestamp = z.iso.datetime().meta({ description: "RFC 3339, UTC." });
export const Count = z.int().min(0);

/** Any JSON value, for details whose shape depends on the case. */
export const Json = z.json();
export type Json = z.infer<typeof Json>;
