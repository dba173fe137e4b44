/** What only the holder of an entry may do. Each gives 1, or 0 when the token is not the one that counts. */
export const HELD = `
-- Gives the worker when the token is the one that counts; afterwards the entry is active, also if its lease had run out.
local function hold(task, token)
  local lease, job = fields('lease:' .. task, 'token', 'workerId'), job_of(task)
  if lease[1] ~= token or call('EXISTS', key(job)) == 0 then return nil end
  if not lease[2] then damaged('lease:' .. task, 'workerId', 'is missing') end
  if call('ZREM', LEASES, task) == 0 then
    call('ZREM', PRIORITIZED, job)
    call('LPUSH', ACTIVE, job)
  end
  return lease[2]
end

-- Ends the lease of an entry that is not active any more.
local function forget(task, worker)
  call('DEL', lease_of(task))
  call('ZREM', worker_of(worker), task)
end

offer('heartbeat', { 'allow-oom' }, function(task, token, lease_ms)
  local worker, expires = hold(task, token), now + tonumber(lease_ms)
  if not worker then return 0 end
  call('HSET', lease_of(task), 'expiresAt', whole(expires))
  call('ZADD', LEASES, expires, task)
  call('ZADD', worker_of(worker), expires, task)
  return 1
end)

-- The outcome is "completed" or "failed". Nothing of the job is kept but a number.
offer('finish', { 'allow-oom' }, function(task, token, outcome)
  local worker = hold(task, token)
  if not worker then return 0 end
  local options = cmsgpack.pack({ token = NO_LOCK, keepJobs = { count = 0 }, attempts = 1, maxMetricsSize = '' })
  local job, result = job_of(task), outcome == 'completed' and 'returnvalue' or 'failedReason'
  bull_moveToFinished({ WAIT, ACTIVE, PRIORITIZED, EVENTS, STALLED, LIMITER, DELAYED, PAUSED, META, PC,
    key(outcome), key(job), key('metrics:') .. outcome, MARKER },
    { job, now, result, 'null', outcome, '0', P, options, '' })
  forget(task, worker)
  call('HINCRBY', TOTALS, outcome, 1)
  announce()
  return 1
end)

-- Due again in so many milliseconds.
offer('postpone', { 'allow-oom' }, function(task, token, delay)
  local worker = hold(task, token)
  if not worker then return 0 end
  local job = job_of(task)
  bull_moveToDelayed(
    { MARKER, ACTIVE, PRIORITIZED, DELAYED, key(job), EVENTS, META, STALLED, WAIT, LIMITER, PC },
    { P, now, job, NO_LOCK, delay, '0', '', '0', '' })
  forget(task, worker)
  announce()
  return 1
end)
`;
