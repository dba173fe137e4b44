/**
 * Claiming. A claim first makes due what the clock says is due, whether or not anything can be claimed: `nextDueAt` must
 * not go on naming a time that has passed. Every entry that BullMQ has as active has a lease, and the other way round;
 * where that is not so, another program has been at the queue, and what it left becomes due again.
 */
export const CLAIM = `
local BATCH = 1000
local PROMOTE_KEYS = { DELAYED, WAIT, PAUSED, META, PRIORITIZED, ACTIVE, PC, EVENTS, MARKER }
local TAKE_KEYS = { WAIT, ACTIVE, PRIORITIZED, EVENTS, STALLED, LIMITER, DELAYED, PAUSED, META, PC, MARKER }

local function mend()
  for _, job in ipairs(call('LRANGE', WAIT, 0, -1)) do
    call('LREM', WAIT, 0, job)
    requeue(job)
  end
  local active = {}
  for _, job in ipairs(call('LRANGE', ACTIVE, 0, -1)) do
    active[job] = true
    if not call('ZSCORE', LEASES, task_of(job)) then requeue(job) end
  end
  for _, task in ipairs(call('ZRANGE', LEASES, 0, -1)) do
    local job = job_of(task)
    if call('EXISTS', key(job)) == 0 then
      call('LREM', ACTIVE, 0, job)
      drop(task)
    elseif not active[job] then
      requeue(job)
    end
  end
end

-- Gives how many leases have not run out, and whether nothing is left that is due.
local function wake()
  -- BullMQ's scores are milliseconds times 4096, plus an order inside one millisecond. What is beyond a batch waits for the
  -- next claim: nobody else is served meanwhile.
  local due = call('ZRANGEBYSCORE', DELAYED, 0, (now + 1) * 0x1000 - 1, 'LIMIT', 0, BATCH)
  for _, job in ipairs(due) do
    local at = standing(job)
    bull_promote(PROMOTE_KEYS, { P, job })
    call('ZADD', PRIORITIZED, at, job)
  end
  -- Their token stays: the worker may still end or extend what nobody else has claimed.
  for _, task in ipairs(call('ZRANGEBYSCORE', LEASES, 0, now)) do requeue(job_of(task)) end
  local leases = call('ZCARD', LEASES)
  if call('LLEN', ACTIVE) == leases and call('LLEN', WAIT) == 0 then return leases, #due < BATCH end
  mend()
  return call('ZCARD', LEASES), #due < BATCH
end

-- Limits: unexpired leases there may be in all, and of this worker. Gives task and number of claims, or nothing.
offer('claim', { 'allow-oom' }, function(token, worker, lease_ms, max_active, max_per_worker)
  local leases, all_woken = wake()
  if leases >= tonumber(max_active) or call('HEXISTS', META, 'paused') == 1 then return false end
  if call('ZCOUNT', worker_of(worker), '(' .. whole(now), '+inf') >= tonumber(max_per_worker) then return false end
  local job = call('ZRANGE', PRIORITIZED, 0, 0)[1]
  if not job then return false end
  local task, _, claims = task_of(job), standing(job)
  -- BullMQ is told the time only when that makes no more entries due, at other places than theirs. It gives nothing when
  -- somebody has set one of its own limits.
  local options = cmsgpack.pack({ token = NO_LOCK, lockDuration = 1 })
  if bull_moveToActive(TAKE_KEYS, { P, all_woken and now or 0, options })[2] ~= job then return false end
  if not all_woken then call('HSET', key(job), 'processedOn', now) end
  local expires = now + tonumber(lease_ms)
  -- One that nobody has claimed yet has no lease that is to go.
  if claims > 0 then drop(task) end
  call('HSET', lease_of(task), 'token', token, 'workerId', worker, 'expiresAt', whole(expires), 'claims', claims + 1)
  call('ZADD', LEASES, expires, task)
  call('ZADD', worker_of(worker), expires, task)
  return { task, claims + 1 }
end)
`;
