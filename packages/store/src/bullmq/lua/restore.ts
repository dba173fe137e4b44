/**
 * Puts a queue of another engine into an empty database: entries with their place, claims, delay and lease, whose times
 * are by the clock that all agree on. What became due meanwhile is seen by the next claim, as always.
 */
export const RESTORE = `
-- Task, when it came, priority, state, when it wakes, worker and token of who claimed it last (or nothing), claims.
offer('restore', {}, function(task, seq, priority, state, wakes_at, worker, token, claims)
  local job = job_of(task)
  local options = { jobId = job, priority = 11 - tonumber(priority), attempts = 1 }
  bull_addPrioritizedJob(ADD_KEYS,
    { cmsgpack.pack({ P, job, 'task', now }), cjson.encode({ taskId = task }), cmsgpack.pack(options) })
  call('HSET', key(job), 'seq', seq, 'ats', claims)
  local at = standing(job)
  call('ZADD', PRIORITIZED, at, job)
  if token ~= '' then
    call('HSET', lease_of(task), 'token', token, 'workerId', worker, 'expiresAt', wakes_at, 'claims', claims)
    call('ZADD', worker_of(worker), wakes_at, task)
  end
  if state == 'ready' then return 1 end
  call('ZREM', PRIORITIZED, job)
  call('LPUSH', ACTIVE, job)
  if state == 'active' then
    call('ZADD', LEASES, wakes_at, task)
  else
    bull_moveToDelayed(
      { MARKER, ACTIVE, PRIORITIZED, DELAYED, key(job), EVENTS, META, STALLED, WAIT, LIMITER, PC },
      { P, wakes_at, job, NO_LOCK, 0, '0', '', '0', '' })
  end
  return 1
end)

-- Paused (0 or 1), completed, failed, the greatest number ever given to an entry.
offer('restore_totals', {}, function(paused, completed, failed, last)
  call('HSET', TOTALS, 'completed', completed, 'failed', failed)
  call('SET', ID, last)
  if paused == '1' then
    bull_pause({ WAIT, PAUSED, META, PRIORITIZED, EVENTS, DELAYED, MARKER }, { 'paused', '1' })
  end
  return 1
end)
`;
