import { EPOCH_KEY, JOB_ID_START, QUEUE_PREFIX } from "../keys.ts";

/**
 * What every function uses. Keys of ours beside BullMQ's, where P is the prefix:
 * - `P lease:{taskId}`: the holder, until somebody else claims the entry or it ends.
 * - `P leases`: task by the end of its lease, for each entry on BullMQ's `active` list.
 * - `P worker:{workerId}`: the same for each entry that has this worker's token, also those that ran out.
 * - `P totals`: how many entries completed and failed.
 * A job has one field of ours, `seq`: when it came.
 */
export const COMMON = `
local P = '${QUEUE_PREFIX}'
local function key(name) return P .. name end
local WAIT, ACTIVE, PRIORITIZED, DELAYED = key('wait'), key('active'), key('prioritized'), key('delayed')
local META, EVENTS, MARKER, PC, STALLED = key('meta'), key('events'), key('marker'), key('pc'), key('stalled')
local PAUSED, LIMITER, ID = key('paused'), key('limiter'), key('id')
local LEASES, TOTALS = key('leases'), key('totals')
-- BullMQ's own lock is left out (its token "0"): the lease decides, by the clock that all agree on.
local NO_LOCK = '0'
-- Of the running call: milliseconds since the epoch, and how to run a command, which is not there while this is loaded.
local now, call

-- Makes a function callable from outside. Its first two arguments are the time, or nothing for the server's own clock, and
-- the epoch that the database must have, or nothing.
local function offer(name, flags, act)
  redis.register_function({ function_name = FUNCTIONS .. name, flags = flags, callback = function(_, args)
    call, now = redis.call, tonumber(args[1])
    if not now then
      local time = call('TIME')
      now = time[1] * 1000 + math.floor(time[2] / 1000)
    end
    if args[2] ~= '' and call('GET', '${EPOCH_KEY}') ~= args[2] then
      return redis.error_reply('EMPTIED the database is not the one it was')
    end
    return act(unpack(args, 3))
  end })
end

local function job_of(task) return '${JOB_ID_START}' .. task end
local function task_of(job) return string.sub(job, ${JOB_ID_START.length + 1}) end
local function lease_of(task) return P .. 'lease:' .. task end
local function worker_of(worker) return P .. 'worker:' .. worker end
local function announce() call('PUBLISH', key('available'), '') end
local function whole(number) return string.format('%.0f', number) end

-- Ends the call: the error names the key, for somebody to look at.
local function damaged(name, field, why)
  error(redis.error_reply('DAMAGED ' .. key(name) .. ' ' .. field .. ' ' .. why))
end

local function fields(name, ...)
  local values = redis.pcall('HMGET', key(name), ...)
  if values.err then damaged(name, 'value', 'is not a hash') end
  return values
end

-- Where an entry stands among those that are due: its priority, then when it came first, over retries and take-overs.
local function place(priority, seq) return priority * 0x100000000 + seq % 0x100000000 end

-- The place of an entry that is there. Also how often it was claimed, which BullMQ counts as attempts started.
local function standing(job)
  local values = fields(job, 'priority', 'seq', 'ats')
  local priority, seq, claims = tonumber(values[1]), tonumber(values[2]), tonumber(values[3] or 0)
  if not priority or priority < 1 or priority > 10 then damaged(job, 'priority', 'is not 1 to 10') end
  if not seq then damaged(job, 'seq', 'is not a number') end
  if not claims then damaged(job, 'ats', 'is not a number') end
  return place(priority, seq), claims
end

-- Takes a lease away, and all that names it, whatever there is of it.
local function drop(task)
  call('ZREM', LEASES, task)
  if call('EXISTS', lease_of(task)) == 0 then return end
  local worker = redis.pcall('HGET', lease_of(task), 'workerId')
  call('DEL', lease_of(task))
  if type(worker) == 'string' then call('ZREM', worker_of(worker), task) end
end

local REQUEUE_KEYS = { ACTIVE, WAIT, STALLED, PAUSED, META, LIMITER, PRIORITIZED, MARKER, EVENTS }

-- An entry becomes due again, at the place it had, and is nowhere else.
local function requeue(job)
  local at = standing(job)
  call('ZREM', DELAYED, job)
  bull_moveJobFromActiveToWait(REQUEUE_KEYS, { job, NO_LOCK, key(job) })
  call('ZADD', PRIORITIZED, at, job)
  call('ZREM', LEASES, task_of(job))
end
`;
