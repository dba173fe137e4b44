/**
 * Lists from sorted sets whose members all have the score 0, which Valkey keeps in the order of their text. Arguments:
 * epoch, request. A call looks at a bounded number of members; what it did not get to is for the next one.
 */
export const LISTS = String.raw`
local LIST_STEP = 1000

local function count_of(keys)
  local count = 0
  for _, key in ipairs(keys) do count = count + call('ZCARD', key) end
  return count
end

local function in_one_of(keys, member)
  for _, key in ipairs(keys) do
    if call('ZSCORE', key, member) then return true end
  end
  return false
end

-- A filter is a list of keys: a member is to be in one of them. The filter with the fewest is read, the others are asked.
local function take_smallest(filters)
  local smallest, fewest = 1, math.huge
  for index, keys in ipairs(filters) do
    local count = count_of(keys)
    if count < fewest then smallest, fewest = index, count end
  end
  return table.remove(filters, smallest)
end

-- Members of key that pass, downwards; also how far it got, when there may be more.
local function scan_down(found, key, request)
  local from, looked, matched = request.before and '(' .. request.before or '+', 0, 0
  while true do
    local size = math.min(math.max(request.limit + 1, 100), LIST_STEP)
    local members = call('ZREVRANGEBYLEX', key, from, '-', 'LIMIT', 0, size)
    for _, member in ipairs(members) do
      local passes = true
      for _, keys in ipairs(request.filters) do passes = passes and in_one_of(keys, member) end
      if passes then
        found[#found + 1] = member
        matched = matched + 1
      end
    end
    looked = looked + #members
    if #members < size then return nil end
    if matched > request.limit or looked >= LIST_STEP then return members[#members] end
    from = '(' .. members[#members]
  end
end

local function id_in(key, member)
  return member:match('|(.+)$') or corrupt(key, 'member', "is '" .. member .. "'")
end

-- Gives how far it got or '', then id, agent and task of each, newest first.
register('list_agents', READ, function(args)
  local request = cjson.decode(args[2])
  local keys = take_smallest(request.filters)
  local found, horizon = {}, nil
  for _, key in ipairs(keys) do
    local reached = scan_down(found, key, request)
    if reached and (not horizon or reached > horizon) then horizon = reached end
  end
  table.sort(found, function(one, other) return one > other end)
  local answer = { 'ok', horizon or '' }
  for index, member in ipairs(found) do
    if index > request.limit + 1 or (horizon and member < horizon) then break end
    local id = id_in(keys[1], member)
    local key = KEYS.agent .. id
    local text = require_text(call('GET', key), key)
    local task_key = KEYS.task .. require_string('agent', id, decode('agent', id, text), 'taskId')
    answer[#answer + 1] = id
    answer[#answer + 1] = text
    answer[#answer + 1] = require_text(call('GET', task_key), task_key)
  end
  return answer
end)

register('find_agents', READ, function(args)
  local found = call('ZRANGEBYLEX', KEYS.agentIds, '[' .. args[2], '[' .. args[2] .. '\255', 'LIMIT', 0, args[3])
  table.insert(found, 1, 'ok')
  return found
end)

-- Places of tasks in the states named, in one step: none is missed because it moves meanwhile. Arguments: epoch, how many
-- of each state at most or -1, where to begin as ZRANGEBYLEX takes it, states.
register('task_places', READ, function(args)
  local answer = { 'ok' }
  for index = 4, #args do
    for _, member in ipairs(call('ZRANGEBYLEX', KEYS.tasks .. args[index], args[3], '+', 'LIMIT', 0, args[2])) do
      id_in(KEYS.tasks .. args[index], member)
      answer[#answer + 1] = member
    end
  end
  return answer
end)
`;
