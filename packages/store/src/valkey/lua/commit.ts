/**
 * Writes what a function has decided on. A script is not undone by the server when one of its commands fails, which
 * they do on a key that something else has overwritten: then it is undone here, step by step.
 *
 * A plan: `newest` (event id before it), `events` and `ids`, `runs` (of neighbouring events that have the same index: in
 * turn its key, the id of the last, their types), `moves` (of members between sorted sets: `{from or false, to, member}`),
 * `records` (`{key, text, key, text, …}`) and `former` (their texts before, or false).
 */
export const COMMIT = String.raw`
local function write_events(plan)
  local runs, events, ids = plan.runs, plan.events, plan.ids
  for index = 1, #runs, 3 do
    local key, id, types = runs[index], runs[index + 1], runs[index + 2]
    if key == KEYS.lifecycle then
      call('XADD', key, id, 'types', types)
    else
      call('RPUSH', key, id .. ' ' .. types)
    end
    plan.steps = plan.steps + 1
  end
  for index = 1, #events do
    call('XADD', KEYS.events, ids[index], 'event', events[index])
    plan.steps = plan.steps + 1
  end
end

local function write_moves(plan)
  for _, move in ipairs(plan.moves) do
    if move[1] then call('ZREM', move[1], move[3]) end
    call('ZADD', move[2], 0, move[3])
    plan.steps = plan.steps + 1
  end
end

local function write_records(plan)
  local records = plan.records
  records[#records + 1] = KEYS.newestEvent
  records[#records + 1] = plan.newest + #plan.events
  call('MSET', unpack(records))
  plan.steps = plan.steps + 1
  at = EVENT_CHANNEL
  for index = 1, #plan.events do redis.call('PUBLISH', EVENT_CHANNEL, plan.events[index]) end
end

-- The id of an entry that was taken out again can be given again.
local function undo_entry(plan, key, id)
  redis.pcall('XDEL', key, id)
  redis.pcall('XSETID', key, plan.newest .. '-0')
end

local function undo_run(plan, key, id)
  if key == KEYS.lifecycle then undo_entry(plan, key, id) else redis.pcall('RPOP', key) end
end

local function undo(plan)
  local steps = plan.steps
  local function was_done()
    steps = steps - 1
    return steps >= 0
  end
  for index = 1, #plan.runs, 3 do
    if was_done() then undo_run(plan, plan.runs[index], plan.runs[index + 1]) end
  end
  for _, id in ipairs(plan.ids) do
    if was_done() then undo_entry(plan, KEYS.events, id) end
  end
  for _, move in ipairs(plan.moves) do
    -- Also the one that failed half-way.
    if steps >= 0 then
      redis.pcall('ZREM', move[2], move[3])
      if move[1] then redis.pcall('ZADD', move[1], 0, move[3]) end
    end
    steps = steps - 1
  end
  if was_done() then
    redis.pcall('SET', KEYS.newestEvent, plan.newest)
    for key, text in pairs(plan.former) do
      if text then redis.pcall('SET', key, text) else redis.pcall('DEL', key) end
    end
  end
end

local function commit(plan)
  plan.steps = 0
  local done, problem = pcall(function()
    write_events(plan)
    write_moves(plan)
    write_records(plan)
  end)
  if done then return end
  local failed = at
  undo(plan)
  at = failed
  if message_of(problem):find('equal or smaller', 1, true) then
    corrupt(KEYS.newestEvent, 'value', 'is less than the newest id in ' .. at)
  end
  error(problem, 0)
end

-- Starts a plan from arguments: how many runs there are; of each its key, the place of its last event and their types;
-- then the events, without their beginning, which is their id.
local function plan_of(newest, args, from)
  local ids, events, runs = {}, {}, {}
  local last_run = from + 3 * tonumber(args[from])
  for index = last_run + 1, #args do
    local id = string.format('%d', newest + #events + 1)
    ids[#ids + 1] = id .. '-0'
    events[#events + 1] = '{"id":' .. id .. ',' .. args[index]
  end
  for index = from + 1, last_run, 3 do
    runs[index - from] = args[index]
    runs[index - from + 1] = ids[tonumber(args[index + 1])]
    runs[index - from + 2] = args[index + 2]
  end
  return { newest = newest, ids = ids, events = events, runs = runs, moves = {}, records = {}, former = {} }
end

local function put_record(plan, key, former, text)
  local records = plan.records
  records[#records + 1] = key
  records[#records + 1] = text
  plan.former[key] = former
end

local function index_agent(plan, id, spawned_at, task)
  for _, key in ipairs({
    KEYS.agents,
    KEYS.agentsByState .. 'spawning',
    KEYS.agentsByTask .. task.taskId,
    KEYS.agentsByType .. task.agentType,
    KEYS.agentsByRepository .. task.repository,
  }) do
    plan.moves[#plan.moves + 1] = { false, key, spawned_at .. '|' .. id }
  end
  plan.moves[#plan.moves + 1] = { false, KEYS.agentIds, id }
end
`;
