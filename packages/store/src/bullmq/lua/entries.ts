/** Adding an entry, taking it out, giving it back; stopping all and going on. */
export const ENTRIES = `
local ADD_KEYS = { MARKER, META, ID, PRIORITIZED, DELAYED, key('completed'), ACTIVE, EVENTS, PC }

-- Priority 10 is soonest; BullMQ gives the lower number first. Gives 1, or 0 when the task has an entry.
offer('enqueue', {}, function(task, priority)
  local job = job_of(task)
  if call('EXISTS', key(job)) == 1 then return 0 end
  local options = { jobId = job, priority = 11 - tonumber(priority), attempts = 1 }
  bull_addPrioritizedJob(ADD_KEYS,
    { cmsgpack.pack({ P, job, 'task', now }), cjson.encode({ taskId = task }), cmsgpack.pack(options) })
  local seq = call('GET', ID)
  call('HSET', key(job), 'seq', seq)
  call('ZADD', PRIORITIZED, place(options.priority, seq), job)
  -- Only another program can have left one.
  if call('EXISTS', lease_of(task)) == 1 then drop(task) end
  announce()
  return 1
end)

-- Gives whether there was an entry. Neither another program's lock nor damage may keep one that is to be killed.
offer('remove', { 'allow-oom' }, function(task)
  local job = job_of(task)
  local existed = call('EXISTS', key(job))
  call('DEL', key(job) .. ':lock')
  if call('TYPE', key(job)).ok ~= 'hash' then call('DEL', key(job)) end
  bull_removeJob({ key(job), key('repeat') }, { job, '0', P })
  drop(task)
  if existed == 1 then announce() end
  return existed
end)

-- Gives how many entries the worker had.
offer('release', { 'allow-oom' }, function(worker)
  local held = call('ZRANGE', worker_of(worker), 0, -1)
  for _, task in ipairs(held) do
    if call('ZSCORE', LEASES, task) then requeue(job_of(task)) end
    drop(task)
  end
  if #held > 0 then announce() end
  return #held
end)

-- No claim is answered with an entry after this one was.
offer('pause', { 'allow-oom' }, function()
  bull_pause({ WAIT, PAUSED, META, PRIORITIZED, EVENTS, DELAYED, MARKER }, { 'paused', '1' })
  return 1
end)

offer('resume', { 'allow-oom' }, function()
  bull_pause({ PAUSED, WAIT, META, PRIORITIZED, EVENTS, DELAYED, MARKER }, { 'resumed', '1' })
  announce()
  return 1
end)
`;
