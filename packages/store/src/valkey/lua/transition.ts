/**
 * Moves agent and task, creates a retry's agent, changes facts, or only writes events. Arguments: epoch, then in this order
 * and as far as a function needs them, with nothing for what there is not:
 * - fence: task, token
 * - agent: id, state to reach, number of changes, then of each `"field":` and JSON
 * - task: id, state to reach, time
 * - successor: id, time, whom it follows, attempt, record
 * - runs and events
 */
export const TRANSITION = String.raw`
local function require_fence(task, token)
  if task ~= '' and call('HGET', KEYS.lease .. task, 'token') ~= token then fail('lease', task) end
end

-- One read for all there is to know: epoch, newest event, then the records.
local function look(args, ...)
  local found = redis.call('MGET', KEYS.epoch, KEYS.newestEvent, ...)
  require_epoch(found[1], args[1])
  require_fence(args[2], args[3])
  return require_number(found[2], KEYS.newestEvent), found
end

-- The key of a record, or one that may as well be read.
local function key_of(kind, id)
  return id == '' and KEYS.newestEvent or KEYS[kind] .. id
end

local function move_agent(plan, id, to, text)
  local agent = require_record('agent', id, text)
  require_move('agent', id, agent, to)
  plan.moves[#plan.moves + 1] = {
    KEYS.agentsByState .. agent.state,
    KEYS.agentsByState .. to,
    place('agent', id, agent, 'spawnedAt'),
  }
  agent.state = to
  return agent
end

local function move_task(plan, id, to, text)
  local task = require_record('task', id, text)
  require_move('task', id, task, to)
  plan.moves[#plan.moves + 1] = {
    KEYS.tasks .. task.state,
    KEYS.tasks .. to,
    place('task', id, task, 'createdAt'),
  }
  task.state = to
  return task
end

-- One retry follows one ended attempt, in order: the task points to the agent that may be followed.
local function require_followable(successor, former, task)
  local why
  if task.agentId ~= successor.follows then
    why = 'the current agent of task ' .. task.taskId .. ' is ' .. tostring(task.agentId) .. ', not ' .. successor.follows
  elseif not AGENT_ENDS[former.state] then
    why = 'agent ' .. successor.follows .. ' is still ' .. former.state
  elseif successor.attempt ~= (tonumber(task.attempt) or 0) + 1 then
    why = 'attempt ' .. successor.attempt .. ' does not follow attempt ' .. task.attempt
  elseif call('EXISTS', KEYS.agent .. successor.id) == 1 then
    why = 'there is an agent of that id already'
  end
  if why then fail('invalid', 'successor ' .. successor.id .. ' is refused: ' .. why) end
end

local function link(successor, text, at_time)
  local changes = { '"updatedAt":', '"' .. at_time .. '"', '"retriedBy":', '"' .. successor.id .. '"' }
  return rewrite_agent(successor.follows, text, changes, 1, 4)
end

local function successor_of(args, from)
  if args[from] == '' then return nil end
  return {
    id = args[from], at = args[from + 1], follows = args[from + 2],
    attempt = tonumber(args[from + 3]), record = args[from + 4],
  }
end

register_bare('transition', URGENT, function(args)
  local agent_id, changes_end = args[4], 6 + 2 * tonumber(args[6])
  local task_id, task_to, time = args[changes_end + 1], args[changes_end + 2], args[changes_end + 3]
  local successor = successor_of(args, changes_end + 4)
  local agent_key, task_key = key_of('agent', agent_id), key_of('task', task_id)
  local former_key = key_of('agent', successor and successor.follows or '')
  local newest, found = look(args, agent_key, task_key, former_key)
  local plan = plan_of(newest, args, changes_end + 9)
  local agent, agent_text, task, task_text
  if agent_id ~= '' then
    agent = move_agent(plan, agent_id, args[5], found[3])
    agent_text = rewrite_agent(agent_id, found[3], args, 7, changes_end)
  end
  if task_id ~= '' then task = move_task(plan, task_id, task_to, found[4]) end
  if agent and task and agent.taskId ~= task_id then
    fail('invalid', 'agent ' .. agent_id .. ' is not of task ' .. task_id)
  end
  if successor then
    require_followable(successor, agent or require_record('agent', successor.follows, found[5]), task)
    local linked = link(successor, agent_text or found[5], time)
    if agent then agent_text = linked else put_record(plan, former_key, found[5], linked) end
    put_record(plan, KEYS.agent .. successor.id, false, successor.record)
    index_agent(plan, successor.id, successor.at, task)
    task.agentId, task.attempt = successor.id, successor.attempt
  end
  if agent then put_record(plan, agent_key, found[3], agent_text) end
  if task then
    task_text = rewrite_task(task_id, found[4], task, time)
    put_record(plan, task_key, found[4], task_text)
  end
  commit(plan)
  return { 'ok', newest, agent_text or '', task_text or '' }
end)

register_bare('patch', URGENT, function(args)
  local id, changes_end = args[4], 5 + 2 * tonumber(args[5])
  local newest, found = look(args, KEYS.agent .. id)
  require_record('agent', id, found[3])
  local plan = plan_of(newest, args, changes_end + 1)
  local text = rewrite_agent(id, found[3], args, 6, changes_end)
  put_record(plan, KEYS.agent .. id, found[3], text)
  commit(plan)
  return { 'ok', newest, text }
end)

register_bare('append', WRITE, function(args)
  local newest = look(args)
  commit(plan_of(newest, args, 4))
  return { 'ok', newest }
end)
`;
