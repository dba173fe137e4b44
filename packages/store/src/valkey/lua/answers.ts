/**
 * How a function answers: `{'ok', …}`, or what is wrong in words that the other side turns into its errors. Every function
 * is given the epoch first, and does nothing in a database that has another.
 */
export const ANSWERS = String.raw`
-- The key that was touched last: what an error of the server's is about.
local at = ''

local function call(command, key, ...)
  at = key
  return redis.call(command, key, ...)
end

-- Ends the function with an answer that is not 'ok'.
local function fail(...)
  error({ answer = { ... } })
end

local function corrupt(key, field, why)
  fail('corrupt', key, field, why)
end

local function require_epoch(found, expected)
  if found == expected then return end
  -- MGET takes a key of another type for a missing one; GET does not.
  fail('emptied', found or call('GET', KEYS.epoch) or '')
end

-- What a key of text holds, when MGET gave nothing: it is missing, or of another type (which is an error).
local function require_text(text, key)
  return text or call('GET', key) or corrupt(key, 'value', 'is missing')
end

local function require_number(text, key)
  local number = tonumber(require_text(text, key))
  if not number or number < 0 or number % 1 ~= 0 then
    corrupt(key, 'value', "holds '" .. tostring(text) .. "', which is not a whole number")
  end
  return number
end

local function now_ms(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- An error of the server's is a table in some versions, text in others.
local function message_of(problem)
  return tostring(type(problem) == 'table' and problem.err or problem)
end

local function answer_of(problem)
  if type(problem) == 'table' and problem.answer then return problem.answer end
  local message = message_of(problem)
  if message:find('WRONGTYPE', 1, true) then
    return { 'corrupt', at, 'value', 'is of another type than the store gives it' }
  end
  return redis.error_reply(message)
end

-- A function that checks the epoch itself, together with what else it reads.
local function register_bare(name, flags, body)
  redis.register_function{ function_name = PREFIX .. name, flags = flags, callback = function(_, args)
    local done, result = pcall(body, args)
    if done then return result end
    return answer_of(result)
  end }
end

local function register(name, flags, body)
  register_bare(name, flags, function(args)
    require_epoch(call('GET', KEYS.epoch), args[1])
    return body(args)
  end)
end

local READ = { 'no-writes' }
local WRITE = {}
-- May be called while no memory is left: it brings what is at work to its end, or makes room.
local URGENT = { 'allow-oom' }
`;
