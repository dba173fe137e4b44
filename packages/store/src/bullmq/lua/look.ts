export const LOOK = `
-- Gives pending, delayed, active, completed, failed and paused (0 or 1), as they are at this time.
offer('counts', { 'no-writes' }, function()
  local entries = call('ZCARD', PRIORITIZED) + call('LLEN', WAIT) + call('ZCARD', DELAYED) + call('LLEN', ACTIVE)
  local delayed = call('ZCOUNT', DELAYED, whole((now + 1) * 0x1000), '+inf')
  local active = call('ZCOUNT', LEASES, '(' .. whole(now), '+inf')
  local totals = call('HMGET', TOTALS, 'completed', 'failed')
  return { entries - delayed - active, delayed, active, tonumber(totals[1] or 0), tonumber(totals[2] or 0),
    call('HEXISTS', META, 'paused') }
end)

-- Gives those of the tasks that have no entry.
offer('missing', { 'no-writes' }, function(...)
  local answer = {}
  for _, task in ipairs({ ... }) do
    if call('EXISTS', key(job_of(task))) == 0 then answer[#answer + 1] = task end
  end
  return answer
end)

-- Gives how many milliseconds from now the next delayed entry is due or the next lease ends, or nothing.
offer('nextDue', { 'no-writes' }, function()
  local retry = call('ZRANGE', DELAYED, 0, 0, 'WITHSCORES')[2]
  local lease = call('ZRANGE', LEASES, 0, 0, 'WITHSCORES')[2]
  local due = math.min(retry and math.floor(retry / 0x1000) or math.huge, lease and tonumber(lease) or math.huge)
  if due == math.huge then return false end
  return due - now
end)
`;
