/**
 * Creates task and first agent with their events. Arguments: epoch, most pending tasks, of the task id, fingerprint, time,
 * type, repository and record, of the agent id, time and record, runs and events.
 */
export const ADMIT = String.raw`
local function existing_task(id, text, fingerprint)
  local existing = decode('task', id, text)
  if existing.fingerprint ~= fingerprint then return { 'ok', 'conflict' } end
  local current = require_string('task', id, existing, 'agentId')
  return { 'ok', 'existing', current, require_text(call('GET', KEYS.agent .. current), KEYS.agent .. current) }
end

register('admit', WRITE, function(args)
  local task = { taskId = args[3], createdAt = args[5], agentType = args[6], repository = args[7] }
  local agent = args[9]
  local task_key, agent_key = KEYS.task .. task.taskId, KEYS.agent .. agent
  local text = call('GET', task_key)
  if text then return existing_task(task.taskId, text, args[4]) end
  local pending = call('ZCARD', KEYS.tasks .. 'pending')
  if pending >= tonumber(args[2]) then return { 'ok', 'full', pending } end
  if call('EXISTS', agent_key) == 1 then fail('invalid', 'there is an agent ' .. agent .. ' already') end
  local plan = plan_of(require_number(call('GET', KEYS.newestEvent), KEYS.newestEvent), args, 12)
  put_record(plan, task_key, false, args[8])
  put_record(plan, agent_key, false, args[11])
  plan.moves[1] = { false, KEYS.tasks .. 'pending', task.createdAt .. '|' .. task.taskId }
  index_agent(plan, agent, args[10], task)
  commit(plan)
  return { 'ok', 'admitted', plan.newest }
end)
`;
